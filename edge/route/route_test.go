package route_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"edgescope/edge/route"
)

// of is the template of a request target.
func of(target string) string { return string(route.Append(nil, target)) }

func TestOf(t *testing.T) {
	f := func(target, want string) {
		t.Helper()
		if got := of(target); got != want {
			t.Errorf("route of %q is %q, want %q", target, got, want)
		}
	}
	f("", "/")
	f("/", "/")
	f("//", "/")
	f("/users/", "/users")
	f("/users/12", "/users/:id")
	f("/users/12/orders/9f86d081884c7d65", "/users/:id/orders/:id")
	f("/a?b=1/2", "/a")
	f("/a#/2", "/a")
	f("/?q=1", "/")
	f("/a%20b/%F0", "/a%20b/%F0")
	f("/1/2/3/4/5/6/7/8", "/:id/:id/:id/:id/:id/:id/:id/:id")
	f("/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h/*")
	f("/a//b", "/a//b")
	f("no-slash/7", "/no-slash/:id")

	// The absolute form of a target, and URLs inside of a path.
	f("http://h/x/1?y", "/x/:id")
	f("https://h:8443/x/1#y", "/x/:id")
	f("http://h", "/")
	f("http://h?x=/1", "/")
	f("/proxy/https://h/x/1", "/proxy/*")
	f("/proxy/https%3A%2F%2Fh%2Fx", "/proxy/:id")
	f("/a?next=http://h/1", "/a")

	// Parameters of a segment.
	f("/a;jsessionid=8F3A", "/a")
	f("/a;jsessionid=8F3A/b;v=1;c=red/c", "/a/b/c")
	f("/12;v=1", "/:id")
	f("/a%3Bjsessionid=8F3A/b", "/a/b")
	f("/a%3bjsessionid=8F3A", "/a")
	f("/;x", "/")

	// A part of a segment.
	f("/img/12345.jpg", "/img/:id.jpg")
	f("/days/2026-11-20.csv", "/days/:id.csv")
	f("/assets/main.9f86d081.js", "/assets/:id.js")
	f("/assets/app-4f3a2b1c.css", "/assets/:id.css")
	f("/assets/index-BX3kP9aQ.js", "/assets/:id.js")
	f("/v1/projects/123:cancel", "/v1/projects/:id:cancel")
	f("/odata/Products(42)", "/odata/Products(:id)")
	f("/odata/Users('jane')/Orders(id=7)", "/odata/Users(:id)/Orders(:id)")
	f("/(S(lit3py55t21z5v55vlm25s55))/page", "/(:id)/page")
	f("/user=12", "/user=:id")
}

// TestIdentifiersFold and TestWordsStay are the two sides of one table: what names one thing of many, and what does
// not.
func TestIdentifiersFold(t *testing.T) {
	for kind, segments := range map[string]string{
		"numbers": "7 12 00042 18446744073709551615 -12 +49301234567",
		"uuids": "3f2504e0-4f89-11d3-9a0c-0305e82c3301 3F2504E0-4F89-11D3-9A0C-0305E82C3301 " +
			"00000000-0000-0000-0000-000000000000 abcdefab-abcd-abcd-abcd-abcdefabcdef",
		"with uuids": "user-abcdefab-abcd-abcd-abcd-abcdefabcdef urn:uuid:3f2504e0-4f89-11d3-9a0c-0305e82c3301 " +
			"{3f2504e0-4f89-11d3-9a0c-0305e82c3301} %7B3f2504e0-4f89-11d3-9a0c-0305e82c3301%7D",
		"hashes": "9f86d08 9f86d081 3f4e5d6c7b8a deadbeefdeadbeef DEADBEEFDEADBEEF " +
			"d41d8cd98f00b204e9800998ecf8427e sha256:9f86d081884c7d659a2feaa0c55ad015",
		"mails": "jane@x.io jane.doe+news@mail.example.com jane%40x.io j@163.com mailto:jane@x.io",
		"dates": "2026-11-20 2026_11_20 20-11-2026 20.11.2026 2026.11.20 20261120 2026-11 2026-11-20T10:00:00Z " +
			"2026-11-20T10:00:00.123+01:00 " +
			"20261120T100000Z 2026-11-20_10-00 2026-W47 2026-Q4 20-Nov-2026 november-2026 2026-11-20-what-is-new " +
			"report-2026-11-20",
		"times":  "10:30 10:30:00",
		"phones": "555-123-4567 +1-555-123-4567 (555)123-4567 +49%20301%20234567",
		"places": "52.5200 52.52,13.405 -33.86,151.20 @52.5,13.4,12z 192.168.1.10 10.0.0.1:8080 00:1a:2b:3c:4d:5e " +
			"fe80::1ff:fe23:4567:890a",
		"lists": "1,2,3 1|2|3 1%7C2 12%2C13 cus_9s6XKzkNRiz8i3,cus_9s6XKzkNRiz8i4 2026-11-20,2026-11-21",
		"prefixed": "cus_9s6XKzkNRiz8i3 cus_NffrFeUfNV2Hib cus_NffrFeUfNVHibX pi_3MtwBwLkdIwHu7ix28a3tqPa " +
			"cs_test_a1b2C3d4E5 acct_1032D82eZvKYlo2C prod_NWjs8kKbJWmuuc",
		"numbered": "user_123 order-48213 blue-shirt-48213 PROJ-1234 INV-2026-0042-99881 u12345 tt0111161 " +
			"i-0abcd1234ef vpc-1a2b3c4d",
		"services": "U024BE7LH B08N5WRWNW dQw4w9WgXcQ web-7d4b9c6f5d-x2x4z 978-3-16-148410-0 " +
			"arn:aws:lambda:eu-west-1:123456789012:function:f",
		"nanoid":    "V1StGXR8_Z5jdHi6B-myT k3j9x2m1 Kx9-aBcD_efGhIjKlMnOp X7K9QZ A1B2C3",
		"ulid":      "01ARZ3NDEKTSV4RRFFQ69G5FAV 01arz3ndektsv4rrffq69g5fav",
		"ksuid":     "0ujtsYcgvSTl8PAuAdqWYSMnLOv",
		"cuid":      "ckopqwooh000001la8mbi2im9 clh3am1g30000udocbm7lzm9v",
		"object id": "507f1f77bcf86cd799439011",
		"base64": "SGVsbG9Xb3JsZA== aGVsbG8gd29ybGQgMTIz " +
			"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
	} {
		for s := range strings.FieldsSeq(segments) {
			if got := of("/x/" + s); got != "/x/:id" {
				t.Errorf("%s: route of /x/%s is %q, want /x/:id", kind, s, got)
			}
		}
	}
}

func TestWordsStay(t *testing.T) {
	for kind, segments := range map[string]string{
		"words": "users Users api index.html report.pdf .well-known robots.txt sitemap.xml favicon.ico " +
			"node_modules a ~jane @jane *",
		"versions": "v1 v2.1 v1beta1 v2alpha10 v20240101 1.2.3 10.0.19041 1.0.0-rc1 v1.2.3-beta.4 2.0",
		"locales":  "en en-US pt_BR zh-Hans-CN es-419 es_419 sr-Latn-RS",
		"packages": "lodash@4.17.21 react@18.2.0 jquery-3.7.1.min.js bootstrap-5.3.0 @types @scope%2Fname " +
			"pkg@1.0.0-rc.one",
		"with digit": "oauth2 s3 ec2 i18n a11y k8s x86_64 h264 mp3 utf-8 iso-8601 es-2015 sha256 base64 ipv4 web3 " +
			"iphone15pro rtx4090ti 1920x1080 win32api 3d-models 7-11 h264toh265",
		"slugs": "how-to-build-10-apps-in-go top-10-places-to-visit-in-2026 iphone-15-pro-max-256gb " +
			"annual-report-2024-final.pdf " +
			"getting-started-with-kubernetes-1-30 the-quick-brown-fox-jumps-over-the-lazy-dog " +
			"snake_case_words_and_2_numbers",
		"camel": "getUserById getUserByIdV2 listAccounts2 OAuth2Callback MyPageController " +
			"getUserById-and-listAccounts-v2 LH1234",
		"long words": "abcdefghijklmnopqrstuvwxyz internationalization deadbeefdeadbee " +
			"Donaudampfschifffahrtsgesellschaft",
		"scripts": "%E4%BD%A0%E5%A5%BD%E4%B8%96%E7%95%8C stra%C3%9Fe-nach-m%C3%BCnchen 你好 caf%C3%A9",
		"other": "area-51 covid-19 chapter-12 page_2 report_2024 Go_(programming_language) red,blue a,b,c k=v " +
			"name:verb user_ProfileImage user_settings2 file_upload_v2 cafe2024 facade12 hello%20world c++ Film_(noir)",
		"templates": ":id {id} [id] [...slug] <int:pk> $id",
	} {
		for s := range strings.FieldsSeq(segments) {
			if got := of("/x/" + s); got != "/x/"+s {
				t.Errorf("%s: route of /x/%s is %q, want it as it is", kind, s, got)
			}
		}
	}
}

// FuzzOf: a template is a path of few segments, and a query, a fragment, a host or a slash at the end change nothing.
func FuzzOf(f *testing.F) {
	for _, s := range []string{
		"/a/12;x=1/b?c", "http://h/1", "/%", "/%4", "/(", "/)", "/a()", "/a=", "/,", "/@", "/:",
		"/.", "/-1", "/@,", "/1.a", "/a%00b", "/x@y.zz:v",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		got := of(target)
		if !strings.HasPrefix(got, "/") || strings.ContainsAny(got, "?#;") || utf8.ValidString(target) &&
			!utf8.ValidString(got) {
			t.Errorf("route of %q is %q", target, got)
		}
		if n := strings.Count(got, "/"); n > 9 {
			t.Errorf("route of %q has %d segments: %q", target, n, got)
		}
		for _, same := range []string{target + "?a=/b", target + "#/b", "http://host" + target + "/", target + "/"} {
			if again := of(same); again != got && strings.HasPrefix(target, "/") &&
				!strings.ContainsAny(target, "?#") {
				t.Errorf("route of %q is %q, that of %q is %q", target, got, same, again)
			}
		}
	})
}
