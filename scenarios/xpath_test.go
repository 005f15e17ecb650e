package scenarios

import (
	"fmt"
	"strings"
	"testing"
)

const (
	feed = `<?xml version="1.0" encoding="utf-8"?><f:feed xmlns:f="urn:f" lang="en">
<item id="1" price="2"><name>pen</name><tag>a</tag><tag>b</tag></item>
<item id="2" price="7.5"><name>ink &amp; co</name><f:tag>c</f:tag></item>
<group><item id="3" price="2"><name><![CDATA[cap]]></name></item></group></f:feed>`
	htmlPage = `<html><body><UL class="list"><li class="p one" data-id=a1>one<li class=p data-id=b2>two <b>bold</b></ul><h1> Big  title </h1></body></html>`
)

func TestXPath(t *testing.T) {
	f := func(body, contentType, path string, want ...string) {
		t.Helper()
		x, err := compileXPath(path)
		if err != nil {
			t.Error(err)
			return
		}
		root, err := readTree([]byte(body), contentType)
		if err != nil {
			t.Error(err)
			return
		}
		if got := fmt.Sprint(x.all(root)); got != fmt.Sprint(want) {
			t.Errorf("%s is %s, want %v", path, got, want)
		}
	}
	xml := func(path string, want ...string) { t.Helper(); f(feed, "application/xml", path, want...) }
	xml("/feed/item/name", "pen", "ink & co")
	xml("//name", "pen", "ink & co", "cap")
	xml("//item/@id", "1", "2", "3")
	xml("/feed/@lang", "en")
	xml("//item[2]/name/text()", "ink & co")
	xml("//item[last()]/@id", "2", "3")
	xml("(//item)[last()]/@id", "3")
	xml("(//item)[position() < 3]/@id", "1", "2")
	xml("//item[@price='2']/name", "pen", "cap")
	xml("//item[@price > 2 and not(tag = 'a')]/@id", "2")
	xml("//item[tag='b' or @id=3]/@id", "1", "3")
	xml("//item[contains(name, 'in')]/@id", "2")
	xml("//item[starts-with(name, 'c')]/../@id")
	xml("//group/*/name/..//name", "cap")
	xml("//item[count(tag) >= 2]/tag[2]", "b")
	xml("//f:tag", "a", "b", "c")
	xml("//tag | //name", "pen", "a", "b", "ink & co", "c", "cap")
	xml("//item[@id][name]/@*", "1", "2", "2", "7.5", "3", "2")
	xml("//item[@id != '1'][1]/@id", "2", "3")
	xml("//nope")
	xml("//item[nope]")
	page := func(path string, want ...string) { t.Helper(); f(htmlPage, "text/html; charset=utf-8", path, want...) }
	page("//li[1]/@data-id", "a1")
	page("//ul[@class='list']/li[2]/b", "bold")
	page("//LI[contains(@class, 'one')]", "one")
	page("//h1[normalize-space(.)='Big title']", " Big  title ")
	page("//li[string(b)='bold']/text()", "two ")
	f("<br>not<p>xml", "", "//p", "xml")
}

func TestXPathErrors(t *testing.T) {
	f := func(path, want string) {
		t.Helper()
		if _, err := compileXPath(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	f("", "a name is missing at character 1")
	f("//", "a name is missing")
	f("//a[", "the expression ends too early")
	f("//a[1", "a bracket is not closed")
	f("(//a", "a parenthesis is not closed")
	f("//a['x]", "a ' is not closed")
	f("//a[nope(1)]", `there is no function "nope"`)
	f("//a[contains(b)]", "contains takes 2 arguments, not 1")
	f("following-sibling::a", "axes (following-sibling::) are not supported")
	f("//a b", `unexpected "b" at character 5`)
	f(strings.Repeat("(", 300), "nested too deep")
	f("//a["+strings.Repeat("not(", 300), "nested too deep")
}

func FuzzXPath(f *testing.F) {
	for _, seed := range []string{"//a[@b='c']/text()", "(//a|//b)[last()]", "//*[contains(., 'x') and not(@y)]", "/..//.", "//a[1.5 <= count(b)]", "f:a", "a::b", "@*", "[", "//a[.=..]"} {
		f.Add(seed, feed)
	}
	f.Add("//li", htmlPage)
	f.Fuzz(func(_ *testing.T, path, body string) {
		if x, err := compileXPath(path); err == nil && len(body) < 2000 && strings.Count(path, "/") < 8 {
			if root, err := readTree([]byte(body), ""); err == nil {
				x.all(root)
			}
		}
	})
}
