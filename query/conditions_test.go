package query

import (
	"testing"
)

func TestConditionsHold(t *testing.T) {
	f := func(text, value string, want bool) {
		t.Helper()
		q := Question{Text: text}
		c, err := q.Conditions()
		if err != nil {
			t.Fatal(err)
		}
		if got := c[0].Holds(value); got != want {
			t.Errorf("%s holds(%q) = %t, want %t", text, value, got, want)
		}
	}
	f("service:shop", "shop", true)
	f("service:shop", "shop2", false)
	f("-service:shop", "shop", false)
	f("service:s*p", "shop", true)
	f("service:s*p", "shops", false)
	f("service:*h*p", "shop", true)
	f("service:ab*ba", "aba", false)
	f("service:unknown", "", true)
	f("service:*", "shop", true)
	f("service:*", "", false)
	f("-service:*", "", true)
	f(`service:""`, "", true)
	f("service:shop service:pay", "pay", true)
	f("-service:shop -service:pay", "pay", false)
}
