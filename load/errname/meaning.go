package errname

import (
	"fmt"
	"strings"
)

// Meaning says in plain words what an error of this name tells of whom it comes from: a URL, or "the proxy host:port".
// text is what the error itself says, which is added where its name leaves much open. The meaning is "" if nothing is
// known of the name.
func Meaning(name, from, text string) string {
	meaning := meanings[name]
	for i := 0; meaning == "" && i < len(families); i++ {
		if strings.HasPrefix(name, families[i].prefix) {
			meaning = families[i].meaning
		}
	}
	if meaning == "" || from == "" {
		return ""
	}
	meaning, open := strings.CutSuffix(meaning, ":")
	if open && text != "" {
		text = ": " + text
	} else {
		text = ""
	}
	return fmt.Sprintf(meaning, from) + text
}

const (
	unchecked = " (-k skips the check)"
	unknown   = " (config.tls.ca names who, -k skips the check)"
	ours      = "this machine has no more of what a connection to %s needs"
)

var meanings = map[string]string{
	"ECONNREFUSED":    "nothing listens at %s",
	"ENOENT":          "there is no socket at the path for %s",
	"ENOTFOUND":       "no host has the name in %s",
	"EAI_AGAIN":       "the name in %s could not be looked up: the DNS server does not answer",
	"ETIMEDOUT":       "%s did not answer in time",
	"ECONNRESET":      "%s closes connections without an answer",
	"EPIPE":           "%s closes connections without an answer",
	"ECONNABORTED":    "the connection to %s was given up:",
	"UNKNOWN":         "the request to %s failed:",
	"ENETUNREACH":     "there is no way to %s",
	"ENETDOWN":        "there is no way to %s",
	"EHOSTUNREACH":    "there is no way to %s",
	"EHOSTDOWN":       "there is no way to %s",
	"EACCES":          "this machine does not allow connections to %s",
	"EPERM":           "this machine does not allow connections to %s",
	"EADDRNOTAVAIL":   ours,
	"EMFILE":          ours,
	"ENFILE":          ours,
	"ENOBUFS":         ours,
	"EPROTO":          "%s and loadgen did not agree on TLS, or it does not speak TLS:",
	"ERR_INVALID_URL": "%s is no URL, or leads to none",

	"ERR_UNSUPPORTED_PROTOCOL": "%s leads to something that is neither http nor https",
	"ERR_TOO_MANY_REDIRECTS":   "%s redirects without end",

	"DEPTH_ZERO_SELF_SIGNED_CERT": "the certificate of %s is signed by itself (config.tls.ca names it, -k skips the " +
		"check)",
	"SELF_SIGNED_CERT_IN_CHAIN":         "the certificate of %s is signed by an authority that is not known" + unknown,
	"UNABLE_TO_VERIFY_LEAF_SIGNATURE":   "nobody known has signed the certificate of %s" + unknown,
	"UNABLE_TO_GET_ISSUER_CERT_LOCALLY": "nobody known has signed the certificate of %s" + unknown,
	"CERT_HAS_EXPIRED":                  "the certificate of %s has expired" + unchecked,
	"CERT_NOT_YET_VALID":                "the certificate of %s is not valid yet" + unchecked,
	"ERR_TLS_CERT_ALTNAME_INVALID":      "the certificate of %s is for another name" + unchecked,
	"INVALID_CA":                        "the certificate of %s is signed by what is no authority" + unchecked,
	"INVALID_PURPOSE":                   "the certificate of %s is not one for servers" + unchecked,
	"CERT_REJECTED":                     "the certificate of %s is not valid" + unchecked,

	"ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED": "%s wants a certificate of the client (config.tls.cert and key)",
	"ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED":   "%s says that the client's certificate was revoked",
	"ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED":   "%s says that the client's certificate has expired",

	"proxy answered CONNECT with 407":         "%s wants a user and a password, or others",
	"proxy refused: authentication failed":    "%s wants a user and a password, or others",
	"proxy refused: it does not speak SOCKS5": "%s does not speak SOCKS5",
}

// families are the meanings of names that begin alike.
var families = []struct{ prefix, meaning string }{
	{"ERR_SSL_", "%s has refused the connection, or the client's certificate:"},
	{"proxy answered CONNECT", "%s does not open a way to the target"},
	{"proxy refused", "%s does not open a way to the target"},
	{"HPE_HEADER_OVERFLOW", "the headers of %s are too long"},
	{"HPE_", "what %s answers is not HTTP/1.1 as it should be:"},
	{"Z_", "the body of %s cannot be decoded:"},
	{"ZSTD_", "the body of %s cannot be decoded:"},
	{"ERR__ERROR_FORMAT", "the body of %s cannot be decoded:"},
	{"ERR_HTTP2_", "%s has broken off HTTP/2:"},
	{"H3_", "%s has broken off HTTP/3:"},
	{"QUIC_", "%s has broken off QUIC:"},
}
