package worker

import (
	"math/big"
	"strconv"

	"github.com/grafana/sobek"

	"edgescope/scenarios/processor"
)

// How a value crosses between the runtime of a script and loadgen.

// fromValue makes a JavaScript value.
func (r *realm) fromValue(v processor.Value) (sobek.Value, error) {
	switch v.Kind {
	case processor.Null:
		return sobek.Null(), nil
	case processor.False, processor.True:
		return r.rt.ToValue(v.Kind == processor.True), nil
	case processor.Text:
		return r.rt.ToValue(v.Text), nil
	case processor.Number:
		if n, err := strconv.ParseInt(v.Text, 10, 53); err == nil && v.Text != "-0" {
			return r.rt.ToValue(n), nil
		}
		f, _ := strconv.ParseFloat(v.Text, 64) // out of range is infinite, as in JavaScript
		return r.rt.ToValue(f), nil
	case processor.Bytes:
		data := r.rt.ToValue(r.rt.NewArrayBuffer([]byte(v.Text)))
		if r.buffer == nil {
			return data, nil
		}
		return r.buffer(r.rt.Get("Buffer"), data)
	case processor.JSON:
		return r.fromJSON([]byte(v.Text))
	default:
		return sobek.Undefined(), nil
	}
}

// toValue makes of a JavaScript value what can leave the worker. What JSON has no text for is undefined outside: a
// function, a symbol, an object with a circle. The error is an interruption.
func (r *realm) toValue(v sobek.Value) (processor.Value, error) {
	if v == nil || sobek.IsUndefined(v) {
		return processor.Value{}, nil
	}
	if sobek.IsNull(v) {
		return processor.Value{Kind: processor.Null}, nil
	}
	if _, ok := v.(*sobek.Object); ok {
		return r.toCompound(v)
	}
	switch v.(type) {
	case sobek.String:
		return processor.Value{Kind: processor.Text, Text: v.String()}, nil
	case *sobek.Symbol:
		return processor.Value{}, nil
	}
	switch x := v.Export().(type) {
	case bool:
		if x {
			return processor.Value{Kind: processor.True}, nil
		}
		return processor.Value{Kind: processor.False}, nil
	case int64, *big.Int:
		return processor.Value{Kind: processor.Number, Text: v.String()}, nil
	case float64:
		return numberValue(x, v.String()), nil
	}
	return processor.Value{}, nil
}

// numberValue is a number as JSON has it: what is not finite is null, and JavaScript's text of all others is JSON.
func numberValue(f float64, text string) processor.Value {
	if f-f != 0 {
		return processor.Value{Kind: processor.Null}
	}
	return processor.Value{Kind: processor.Number, Text: text}
}

func (r *realm) toCompound(v sobek.Value) (processor.Value, error) {
	binary, err := r.isBinary(sobek.Undefined(), v)
	if err != nil {
		return processor.Value{}, err
	}
	if binary.ToBoolean() {
		view, err := r.bytes(sobek.Undefined(), v)
		if err != nil {
			return processor.Value{}, err
		}
		b, _ := view.Export().([]byte)
		return processor.Value{Kind: processor.Bytes, Text: string(b)}, nil
	}
	text, err := r.json(sobek.Undefined(), v)
	if err != nil || sobek.IsUndefined(text) {
		return processor.Value{}, err
	}
	return processor.Value{Kind: processor.JSON, Text: text.String()}, nil
}

// fromJSON makes a JavaScript value of JSON text.
func (r *realm) fromJSON(text []byte) (sobek.Value, error) {
	return r.parse(sobek.Undefined(), r.rt.ToValue(string(text)))
}
