package jaeger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
)

// nameDecoders read lists of services and operations.
var nameDecoders = map[string]decoder{
	// Grafana reads operations into the type of services.
	"grafana services": func(body []byte) (int, error) {
		var a struct {
			Data   []string `json:"data"`
			Errors any      `json:"errors"`
			Limit  int      `json:"limit"`
			Offset int      `json:"offset"`
			Total  int      `json:"total"`
		}
		err := strictly(body, &a)
		return len(a.Data), err
	},
	// Jaeger UI takes data for a list without a look.
	"ui names": func(body []byte) (int, error) {
		var a struct{ Data *[]string }
		if err := json.Unmarshal(body, &a); err != nil || a.Data == nil {
			return 0, fmt.Errorf("data is no list: %w", err)
		}
		return len(*a.Data), nil
	},
	"ui operations": func(body []byte) (int, error) {
		var a struct {
			Data *[]struct{ Name, SpanKind *string }
		}
		if err := json.Unmarshal(body, &a); err != nil || a.Data == nil {
			return 0, fmt.Errorf("data is no list: %w", err)
		}
		for _, o := range *a.Data {
			if o.Name == nil || o.SpanKind == nil {
				return 0, errors.New("an operation without a name or a kind")
			}
		}
		return len(*a.Data), nil
	},
}

// What Grafana decodes traces of version 1 into (pkg/tsdb/jaeger/types).
type (
	grafanaTag struct {
		Key   string `json:"key"`
		Type  string `json:"type"`
		Value any    `json:"value"`
	}
	grafanaTraces struct {
		Data []struct {
			Processes map[string]struct {
				ServiceName string       `json:"serviceName"`
				Tags        []grafanaTag `json:"tags"`
			} `json:"processes"`
			TraceID  string   `json:"traceID"`
			Warnings []string `json:"warnings"`
			Spans    []struct {
				TraceID       string `json:"traceID"`
				SpanID        string `json:"spanID"`
				ProcessID     string `json:"processID"`
				OperationName string `json:"operationName"`
				StartTime     int64  `json:"startTime"`
				Duration      int64  `json:"duration"`
				Logs          []struct {
					Timestamp int64        `json:"timestamp"`
					Fields    []grafanaTag `json:"fields"`
				} `json:"logs"`
				References []struct {
					RefType string `json:"refType"`
					SpanID  string `json:"spanID"`
					TraceID string `json:"traceID"`
				} `json:"references"`
				Tags     []grafanaTag `json:"tags"`
				Warnings []string     `json:"warnings"`
			} `json:"spans"`
		} `json:"data"`
		Errors any `json:"errors"`
		Limit  int `json:"limit"`
		Offset int `json:"offset"`
		Total  int `json:"total"`
	}
)

func grafanaSpans(body []byte) (int, *grafanaTraces, error) {
	var a grafanaTraces
	if err := strictly(body, &a); err != nil {
		return 0, nil, err
	}
	n := 0
	for _, t := range a.Data {
		for _, s := range t.Spans {
			if _, ok := t.Processes[s.ProcessID]; !ok || s.TraceID != t.TraceID {
				return 0, nil, fmt.Errorf("span %s of process %q in trace %s", s.SpanID, s.ProcessID, s.TraceID)
			}
			n++
		}
	}
	return n, &a, nil
}

// traceDecoders read traces of version 1, and its errors.
var traceDecoders = map[string]decoder{
	"grafana traces": func(body []byte) (int, error) {
		n, _, err := grafanaSpans(body)
		return n, err
	},
	// It takes the first without a look.
	"grafana trace": func(body []byte) (int, error) {
		n, a, err := grafanaSpans(body)
		if err == nil && len(a.Data) != 1 {
			err = fmt.Errorf("%d traces", len(a.Data))
		}
		return n, err
	},
	// Jaeger UI walks over lists without asking whether they are there.
	"ui traces": func(body []byte) (int, error) {
		type list = *[]json.RawMessage
		var a struct {
			Data *[]struct {
				TraceID   *string
				Processes map[string]struct {
					ServiceName *string
					Tags        list
				}
				Spans *[]struct {
					SpanID, OperationName, ProcessID *string
					StartTime, Duration              *int64
					Tags, Logs, References           list
				}
			}
		}
		if err := json.Unmarshal(body, &a); err != nil || a.Data == nil {
			return 0, fmt.Errorf("data is no list: %w", errors.Join(err))
		}
		n := 0
		for _, t := range *a.Data {
			if t.TraceID == nil || t.Spans == nil {
				return 0, errors.New("a trace without its id or spans")
			}
			for _, s := range *t.Spans {
				if s.SpanID == nil || s.OperationName == nil || s.ProcessID == nil || s.StartTime == nil || s.Duration == nil ||
					s.Tags == nil || s.Logs == nil || s.References == nil {
					return 0, errors.New("a span without one of its members")
				}
				if p := t.Processes[*s.ProcessID]; p.ServiceName == nil || p.Tags == nil {
					return 0, fmt.Errorf("process %s is not whole", *s.ProcessID)
				}
				n++
			}
		}
		return n, nil
	},
	"error 1": func(body []byte) (int, error) {
		var a struct {
			Data                 any
			Total, Limit, Offset int
			Errors               []struct {
				Code int
				Msg  string
			}
		}
		err := strictly(body, &a)
		if err == nil && (a.Data != nil || len(a.Errors) != 1 || a.Errors[0].Msg == "" || a.Errors[0].Code < 400) {
			err = errors.New("it is no error of version 1")
		}
		return len(a.Errors), err
	},
}

// otlpValue is a value as Grafana and Jaeger UI read it: of one type, numbers of 64 bits as text.
type otlpValue struct {
	StringValue *string  `json:"stringValue"`
	BoolValue   *bool    `json:"boolValue"`
	IntValue    *string  `json:"intValue"`
	DoubleValue *float64 `json:"doubleValue"`
	BytesValue  *string  `json:"bytesValue"`
	ArrayValue  *struct {
		Values []otlpValue `json:"values"`
	} `json:"arrayValue"`
	KvlistValue *struct {
		Values []otlpAttr `json:"values"`
	} `json:"kvlistValue"`
}

type otlpAttr struct {
	Key   *string    `json:"key"`
	Value *otlpValue `json:"value"`
}

// otlpTraces are traces of version 3 as Grafana (types/grpc_types.go) and Jaeger UI (schemas.ts) read them.
type otlpTraces struct {
	Result *struct {
		ResourceSpans []struct {
			Resource struct {
				Attributes []otlpAttr `json:"attributes"`
			} `json:"resource"`
			ScopeSpans []struct {
				Scope struct {
					Name       string     `json:"name"`
					Version    string     `json:"version"`
					Attributes []otlpAttr `json:"attributes"`
				} `json:"scope"`
				Spans []otlpSpan `json:"spans"`
			} `json:"scopeSpans"`
		} `json:"resourceSpans"`
	} `json:"result"`
}

type otlpSpan struct {
	TraceID                string     `json:"traceId"`
	SpanID                 string     `json:"spanId"`
	TraceState             string     `json:"traceState"`
	ParentSpanID           *string    `json:"parentSpanId"`
	Flags                  uint32     `json:"flags"`
	Name                   string     `json:"name"`
	Kind                   uint32     `json:"kind"`
	StartTimeUnixNano      string     `json:"startTimeUnixNano"`
	EndTimeUnixNano        string     `json:"endTimeUnixNano"`
	Attributes             []otlpAttr `json:"attributes"`
	DroppedAttributesCount uint32     `json:"droppedAttributesCount"`
	DroppedEventsCount     uint32     `json:"droppedEventsCount"`
	DroppedLinksCount      uint32     `json:"droppedLinksCount"`
	Events                 []struct {
		TimeUnixNano string     `json:"timeUnixNano"`
		Name         string     `json:"name"`
		Attributes   []otlpAttr `json:"attributes"`
	} `json:"events"`
	Links []struct {
		TraceID    string     `json:"traceId"`
		SpanID     string     `json:"spanId"`
		Attributes []otlpAttr `json:"attributes"`
	} `json:"links"`
	Status struct {
		Message string `json:"message"`
		Code    uint32 `json:"code"`
	} `json:"status"`
}

var (
	traceIDText = regexp.MustCompile(`^[0-9a-f]{32}$`)
	spanIDText  = regexp.MustCompile(`^[0-9a-f]{16}$`)
	zerosText   = regexp.MustCompile(`^0+$`)
	digitsText  = regexp.MustCompile(`^[0-9]{1,20}$`)
	intText     = regexp.MustCompile(`^-?[0-9]{1,19}$`)
)

// checkID fails as the rules of Jaeger UI do: hex of that length, and not all zeros.
func checkID(id string, form *regexp.Regexp) error {
	if !form.MatchString(id) || zerosText.MatchString(id) {
		return fmt.Errorf("%q is no id", id)
	}
	return nil
}

func checkAttrs(list []otlpAttr) error {
	for _, a := range list {
		if a.Key == nil || a.Value == nil {
			return errors.New("an attribute without its key or value")
		}
		if err := a.Value.check(); err != nil {
			return fmt.Errorf("attribute %s: %w", *a.Key, err)
		}
	}
	return nil
}

func (v *otlpValue) check() error {
	n := 0
	for _, there := range []bool{
		v.StringValue != nil, v.BoolValue != nil, v.IntValue != nil, v.DoubleValue != nil,
		v.BytesValue != nil, v.ArrayValue != nil, v.KvlistValue != nil,
	} {
		if there {
			n++
		}
	}
	if n != 1 {
		return fmt.Errorf("it has %d values", n)
	}
	if v.IntValue != nil && !intText.MatchString(*v.IntValue) {
		return fmt.Errorf("%q is no integer", *v.IntValue)
	}
	if v.ArrayValue != nil {
		for _, entry := range v.ArrayValue.Values {
			if err := entry.check(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *otlpSpan) check() error {
	errs := []error{checkID(s.TraceID, traceIDText), checkID(s.SpanID, spanIDText), checkAttrs(s.Attributes)}
	if s.ParentSpanID != nil {
		errs = append(errs, checkID(*s.ParentSpanID, spanIDText))
	}
	for _, at := range []string{s.StartTimeUnixNano, s.EndTimeUnixNano} {
		if !digitsText.MatchString(at) {
			errs = append(errs, fmt.Errorf("%q is no time", at))
		}
	}
	for _, e := range s.Events {
		if !digitsText.MatchString(e.TimeUnixNano) {
			errs = append(errs, fmt.Errorf("%q is no time of an event", e.TimeUnixNano))
		}
		errs = append(errs, checkAttrs(e.Attributes))
	}
	for _, l := range s.Links {
		errs = append(errs, checkID(l.TraceID, traceIDText), checkID(l.SpanID, spanIDText), checkAttrs(l.Attributes))
	}
	return errors.Join(errs...)
}

// otlpSpans reads traces of version 3 and checks all that Jaeger UI checks.
func otlpSpans(body []byte) (int, error) {
	var a otlpTraces
	if err := strictly(body, &a); err != nil {
		return 0, err
	}
	if a.Result == nil {
		return 0, errors.New("there is no result")
	}
	n := 0
	for _, r := range a.Result.ResourceSpans {
		if err := checkAttrs(r.Resource.Attributes); err != nil {
			return 0, err
		}
		for _, scope := range r.ScopeSpans {
			for i := range scope.Spans {
				if err := scope.Spans[i].check(); err != nil {
					return 0, err
				}
				n++
			}
		}
	}
	return n, nil
}

// decoders3 read answers of version 3, those of Jaeger UI by its rules (packages/jaeger-ui/src/api/v3/schemas.ts).
var decoders3 = map[string]decoder{
	"grafana services 3": services3,
	"ui services 3":      services3,
	"grafana operations 3": func(body []byte) (int, error) {
		var a struct {
			Operations []struct {
				Name     string `json:"name"`
				SpanKind string `json:"spanKind"`
			} `json:"operations"`
		}
		err := strictly(body, &a)
		return len(a.Operations), err
	},
	"ui operations 3": func(body []byte) (int, error) {
		var a struct {
			Operations *[]struct{ Name, SpanKind *string }
		}
		if err := json.Unmarshal(body, &a); err != nil || a.Operations == nil {
			return 0, fmt.Errorf("operations are no list: %w", errors.Join(err))
		}
		for _, o := range *a.Operations {
			if o.Name == nil || o.SpanKind == nil || *o.SpanKind == "" {
				return 0, errors.New("an operation without a name or a kind")
			}
		}
		return len(*a.Operations), nil
	},
	"grafana traces 3": otlpSpans,
	"ui traces 3":      otlpSpans,
	"ui summaries 3":   summaries3,
	"error 3": func(body []byte) (int, error) {
		var a struct {
			Error struct {
				HTTPCode int `json:"httpCode"`
				Message  string
			}
		}
		err := strictly(body, &a)
		if err == nil && (a.Error.HTTPCode < 400 || a.Error.Message == "") {
			err = errors.New("it is no error of version 3")
		}
		return 1, err
	},
}

func services3(body []byte) (int, error) {
	var a struct{ Services *[]string }
	if err := strictly(body, &a); err != nil || a.Services == nil {
		return 0, fmt.Errorf("services are no list: %w", errors.Join(err))
	}
	return len(*a.Services), nil
}

func summaries3(body []byte) (int, error) {
	var a struct {
		Summaries *[]struct {
			TraceID              string `json:"traceId"`
			RootServiceName      *string
			RootOperationName    *string
			MinStartTimeUnixNano string
			MaxEndTimeUnixNano   string
			SpanCount            *uint32
			ErrorSpanCount       *uint32
			OrphanSpanCount      *uint32
			Services             *[]struct {
				Name                      *string
				SpanCount, ErrorSpanCount *uint32
			}
		}
	}
	if err := strictly(body, &a); err != nil || a.Summaries == nil {
		return 0, fmt.Errorf("summaries are no list: %w", errors.Join(err))
	}
	for _, s := range *a.Summaries {
		if err := checkID(s.TraceID, traceIDText); err != nil {
			return 0, err
		}
		if !digitsText.MatchString(s.MinStartTimeUnixNano) || !digitsText.MatchString(s.MaxEndTimeUnixNano) {
			return 0, errors.New("a time is no decimal text")
		}
		if s.RootServiceName == nil || s.RootOperationName == nil || s.SpanCount == nil || s.ErrorSpanCount == nil ||
			s.OrphanSpanCount == nil || s.Services == nil || len(*s.Services) == 0 {
			return 0, errors.New("a summary without one of its members")
		}
		for _, of := range *s.Services {
			if of.Name == nil || of.SpanCount == nil || of.ErrorSpanCount == nil {
				return 0, errors.New("a service without one of its members")
			}
		}
	}
	return len(*a.Summaries), nil
}
