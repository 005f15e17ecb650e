package edge

// The canonical keys. The key is the field name of the stored event; in metric labels dots become underscores.
// OpenTelemetry semantic conventions 1.44 wherever they have a name, else edge.*.
const (
	KeyServiceName      = "service.name"
	KeyServiceVersion   = "service.version"
	KeyServiceNamespace = "service.namespace"
	KeyEnvironment      = "deployment.environment.name"
	KeyCloudProvider    = "cloud.provider"
	KeyCloudPlatform    = "cloud.platform"
	KeyRegion           = "cloud.region"
	KeyColo             = "edge.colo"
	KeyCountry          = "geo.country.iso_code"
	KeyFaasName         = "faas.name"
	KeyFaasVersion      = "faas.version"
	KeyFaasInstance     = "faas.instance"
	KeyInvocationID     = "faas.invocation_id"
	KeyFaasTrigger      = "faas.trigger"
	KeyColdStart        = "faas.coldstart"
	KeyColdStartSource  = "edge.coldstart.source"
	KeyInitDuration     = "edge.init.duration"
	KeyRoute            = "http.route"
	KeyRouteInferred    = "edge.route.inferred"
	KeyOperation        = "edge.operation"
	KeyMethod           = "http.request.method"
	KeyStatus           = "http.response.status_code"
	KeyStatusInferred   = "edge.status.inferred"
	KeyOutcome          = "edge.outcome"
	KeyErrorType        = "error.type"
	KeyExceptionType    = "exception.type"
	KeyExceptionMessage = "exception.message"
	KeyExceptionEscaped = "exception.escaped"
	KeyCacheStatus      = "edge.cache.status"
	KeyCacheSource      = "edge.cache.source"
	KeyCPUTime          = "edge.cpu.time"
	KeyWallTime         = "edge.wall.time"
	KeyOriginDuration   = "edge.origin.duration"
	KeyTTFB             = "edge.ttfb"
	KeyClientRTT        = "edge.client.rtt"
	KeyMemory           = "edge.memory.used"
	KeySubrequests      = "edge.subrequests"
	KeyDuration         = "duration"
	KeyCount            = "edge.count"
	KeyInvocation       = "edge.invocation"
	KeySource           = "edge.source"
)

// Where an event came from (edge.source).
const (
	SourceOTLP       = "otlp"
	SourceDataPoints = "datapoints"
	SourceWorkerd    = "workerd"
	SourceTail       = "tail"
	SourceTailStream = "tail-stream"
	SourceLogpush    = "logpush"
	SourceVercelLogs = "vercel-logs"
)

// The classes of sources that rollups keep apart (label edge_signal); a service's numbers come from the first that it
// has.
const (
	SignalSpan      = "span"
	SignalTail      = "tail"
	SignalLog       = "log"
	SignalDataPoint = "datapoint"
)

// Outcomes of an invocation (edge.outcome).
const (
	OutcomeOK             = "ok"
	OutcomeError          = "error"
	OutcomeException      = "exception"
	OutcomeExceededCPU    = "exceeded_cpu"
	OutcomeExceededMemory = "exceeded_memory"
	OutcomeTimeout        = "timeout"
	OutcomeCanceled       = "canceled"
)

// Exceeded are the outcomes of which each one says that a limit was exceeded: of CPU time, of memory, of time.
var Exceeded = [...]string{OutcomeExceededCPU, OutcomeExceededMemory, OutcomeTimeout}

// Cache statuses (edge.cache.status). The hit ratio is (hit + stale + revalidated) / (those + miss + expired); bypass
// and dynamic stay outside.
const (
	CacheHit         = "hit"
	CacheMiss        = "miss"
	CacheStale       = "stale"
	CacheRevalidated = "revalidated"
	CacheExpired     = "expired"
	CacheBypass      = "bypass"
	CacheDynamic     = "dynamic"
)

// CacheStatuses are all of them: the first three were answered from the cache, the two after them were asked of it in
// vain, and the last two could not come from it.
var CacheStatuses = [...]string{
	CacheHit, CacheStale, CacheRevalidated, CacheMiss, CacheExpired, CacheBypass,
	CacheDynamic,
}

// FactKeys are the keys that only Facts say: an attribute of such a key is what a fact may come from, and is not kept
// beside it.
var FactKeys = [...]string{
	KeyServiceName, KeyServiceVersion, KeyServiceNamespace, KeyEnvironment, KeyCloudProvider, KeyCloudPlatform,
	KeyRegion, KeyColo,
	KeyCountry, KeyFaasName, KeyFaasVersion, KeyFaasInstance, KeyInvocationID, KeyFaasTrigger, KeyColdStart,
	KeyColdStartSource,
	KeyInitDuration, KeyRoute, KeyRouteInferred, KeyOperation, KeyMethod, KeyStatus, KeyStatusInferred, KeyOutcome,
	KeyErrorType,
	KeyCacheStatus, KeyCacheSource, KeyCPUTime, KeyWallTime, KeyOriginDuration, KeyTTFB, KeyClientRTT, KeyMemory, KeySubrequests,
	KeyCount, KeyInvocation, KeySource,
}
