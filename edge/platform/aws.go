package platform

import "strings"

// The spans that Lambda's telemetry writes beside those of the function (docs.aws.amazon.com/lambda, "Telemetry API
// Event schema"). A function of SnapStart is restored where others are initialised.
const (
	PlatformPrefix     = "platform."
	initRuntimeDone    = "platform.initRuntimeDone"
	initReport         = "platform.initReport"
	restoreRuntimeDone = "platform.restoreRuntimeDone"
	restoreReport      = "platform.restoreReport"
)

// isInit tells whether a span is that of a phase that only a cold start has.
func isInit(name string) bool {
	switch name {
	case initRuntimeDone, initReport, restoreRuntimeDone, restoreReport:
		return true
	default:
		return false
	}
}

func lambdaProvider(s string) string {
	if strings.EqualFold(s, "aws") {
		return AWSLambda
	}
	return ""
}

// arnRegion returns item 4 of an Amazon resource name: arn:partition:service:region:account:...
func arnRegion(s string) string { return arnItem(s, 3) }

// arnFunction returns the name of the function in arn:aws:lambda:region:account:function:name[:alias].
func arnFunction(s string) string {
	if arnItem(s, 2) != "lambda" || arnItem(s, 5) != "function" {
		return ""
	}
	name := arnItem(s, 6)
	// Lambda@Edge runs copies of a function that are named after the region of the original.
	if region, rest, ok := strings.Cut(name, "."); ok && region == "us-east-1" {
		return rest
	}
	return name
}

// arnVersion returns the published version at the end of a function's ARN; an alias is none.
func arnVersion(s string) string {
	if arnFunction(s) == "" {
		return ""
	}
	return publishedVersion(arnItem(s, 7))
}

// publishedVersion reads AWS_LAMBDA_FUNCTION_VERSION: a number, or $LATEST, which is no version to compare with.
func publishedVersion(s string) string {
	if strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}

func arnItem(s string, n int) string {
	if !strings.HasPrefix(s, "arn:") {
		return ""
	}
	for ; n > 0; n-- {
		_, rest, ok := strings.Cut(s, ":")
		if !ok {
			return ""
		}
		s = rest
	}
	item, _, _ := strings.Cut(s, ":")
	return item
}

// cloudFrontColo returns the airport code that begins x-amz-cf-pop and x-edge-location, as in FRA56-P4.
func cloudFrontColo(s string) string {
	if len(s) < 3 || !isCapitals(s[:3]) {
		return ""
	}
	return s[:3]
}
