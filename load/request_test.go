package load_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"edgescope/load"
	"edgescope/load/loadtest"
)

// outcome runs a script of one user against a fake target and says how each request and the user ended.
func outcome(t *testing.T, script string, rt http.RoundTripper) (list []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.Plan(t, loadtest.Target, script)
		events, err := record(t.Context(), t, p, load.Options{RoundTripper: rt})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			switch e := e.(type) {
			case *load.Result:
				list = append(list, strings.Join([]string{e.Method, e.URL, e.Endpoint, e.Failure}, " "))
			case *load.UserEnd:
				list = append(list, "end "+e.Err)
			}
		}
	})
	return list
}

// A failed expectation ends the user only when the script says so, and then under a name that it chooses.
func TestFailedExpectationsMayEndTheUser(t *testing.T) {
	f := func(options string, want ...string) {
		t.Helper()
		script := "config: {phases: [{duration: 1ms, arrivalCount: 1}], plugins: {expect: {" + options + "}}}\n" +
			"scenarios: [{flow: [{get: {url: /a, name: first, expect: {statusCode: 201}}}, {get: {url: /b}}]}]"
		if diff := cmp.Diff(want, outcome(t, script, &target{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", options, diff)
		}
	}
	const a, b = "GET http://target.test/a ", "GET http://target.test/b /b "
	f("", a+"/a (first) ", b, "end ")
	f("reportFailuresAsErrors: true", a+" ", "end Failed expectations for request http://target.test/a")
	f("reportFailuresAsErrors: true, useOnlyRequestNames: true", a+" ", "end Failed expectations for request first")
}

// A redirect that cannot be followed ends the user; an answer that only looks like one is an answer.
func TestRedirectsThatLeadNowhere(t *testing.T) {
	f := func(header http.Header, status int, want ...string) {
		t.Helper()
		rt := &headered{target: target{respond: func(*http.Request) (int, string) { return status, "" }}, header: header}
		if diff := cmp.Diff(want, outcome(t, loadtest.OneUser+"scenarios: [{flow: [{get: /}]}]", rt)); diff != "" {
			t.Errorf("%d with %v (-want +got):\n%s", status, header, diff)
		}
	}
	const sent, fine = "GET http://target.test/ / ", "end "
	const other, nowhere = "ERR_UNSUPPORTED_PROTOCOL", "ERR_INVALID_URL"
	f(http.Header{"Location": {"ftp://target.test/"}}, http.StatusFound, sent+other, fine+other)
	f(http.Header{"Location": {"http://"}}, http.StatusSeeOther, sent+nowhere, fine+nowhere)
	f(http.Header{"Location": {"http://a b/"}}, http.StatusMovedPermanently, sent+nowhere, fine+nowhere)
	f(http.Header{}, http.StatusFound, sent, fine)
	f(http.Header{"Location": {"/x"}}, http.StatusCreated, sent, fine)
}

// cookies is a target that sets cookies on its first answer and notes what later requests send.
type cookies struct {
	target
	set, sent []string
}

func (c *cookies) RoundTrip(r *http.Request) (*http.Response, error) {
	c.sent = append(c.sent, r.Header.Get("Cookie"))
	res, err := c.target.RoundTrip(r)
	if err == nil && len(c.sent) == 1 {
		res.Header["Set-Cookie"] = c.set
	}
	return res, err
}

// A cookie without a name is counted, or taken as it stands in the loose mode.
func TestLooseCookies(t *testing.T) {
	f := func(options string, bad int, want ...string) {
		t.Helper()
		rt := &cookies{set: []string{"good=1; Path=/", "odd name=2", "alone"}}
		script := "config: {phases: [{duration: 1ms, arrivalCount: 1}], http: {cookieJarOptions: {" + options + "}}}\n" +
			"scenarios: [{flow: [{get: /}, {get: /}]}]"
		synctest.Test(t, func(t *testing.T) {
			events, err := record(t.Context(), t, loadtest.Plan(t, loadtest.Target, script), load.Options{RoundTripper: rt})
			if err != nil {
				t.Fatal(err)
			}
			if got := loadtest.Results(events)[0].BadCookies; got != bad {
				t.Errorf("%s: %d bad cookies, want %d", options, got, bad)
			}
		})
		got := strings.Split(rt.sent[1], "; ")
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: cookies of the second request (-want +got):\n%s", options, diff)
		}
	}
	f("looseMode: false", 1, "good=1", "odd name=2")
	f("looseMode: true", 0, "alone", "good=1", "odd name=2")
}

// A cookie of the script stays with its request until a server has set one, and has the path of its URL.
func TestCookiesOfTheScript(t *testing.T) {
	f := func(set []string, flow string, want ...string) {
		t.Helper()
		rt := &cookies{set: set}
		got := outcome(t, loadtest.OneUser+"scenarios: [{flow: ["+flow+"]}]", rt)
		if diff := cmp.Diff(want, rt.sent); diff != "" {
			t.Errorf("%s (-want +got):\n%s\nended: %s", flow, diff, got[len(got)-1])
		}
	}
	f(nil, "{get: {url: /, cookie: {a: 1, l: [1, 2]}}}, {get: /}", "a=1; l=1,2", "")
	f([]string{"s=2"}, "{get: {url: /, cookie: {a: 1}}}, {get: /}", "a=1", "a=1; s=2")
	f([]string{"a=2"}, "{get: {url: /, cookie: {a: 1}}}, {get: /x}, {get: {url: /y, cookie: {a: 3}}}", "a=1", "a=2", "a=3")
	f([]string{"s=2"}, "{get: {url: /d/e, cookie: {a: 1}}}, {get: /x}, {get: /d/x}", "a=1", "", "a=1; s=2")
	f([]string{"s=2"}, "{get: /}, {get: {url: /, headers: {cookie: own=1}}}", "", "own=1; s=2")
	f(nil, "{get: {url: /, cookie: {a: grün}}}", "a=gr\xfcn")
	f(nil, "{get: {url: /, cookie: {a: '€'}}}")
	f(nil, "{get: {url: /, cookie: {a: \"b\\x01\"}}}")
	f(nil, "{get: {url: /, cookie: {'': b}}}")
}

// What a plan cannot connect with is refused before anything is sent.
func TestCertificatesThatCannotBeUsed(t *testing.T) {
	f := func(want string, ca, cert, key string) {
		t.Helper()
		p := loadtest.Plan(t, loadtest.Target, "scenarios: [{flow: [{get: /}]}]")
		p.TLS.CA, p.TLS.Cert, p.TLS.Key = []byte(ca), []byte(cert), []byte(key)
		if _, err := load.New(p, load.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f("config.tls.ca holds no PEM certificate", "no certificate", "", "")
	f("config.tls.cert and config.tls.key: ", "", "no certificate", "no key")
}
