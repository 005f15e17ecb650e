package errname

import "strings"

// texts name what net/http and its packages say of answers and requests, for which they have no error values. The names
// are those of node's parser (llhttp), of its http module and of got. The first part that a text contains counts.
var texts = []struct{ part, name string }{
	{"server closed idle connection", "ECONNRESET"},
	{"cannot rewind body after connection loss", "ECONNRESET"},
	{"server gave HTTP response to HTTPS client", "EPROTO"},

	{"malformed HTTP response", "HPE_INVALID_CONSTANT"},
	{`malformed HTTP version "HTTP/`, "HPE_INVALID_VERSION"},
	{"malformed HTTP version", "HPE_INVALID_CONSTANT"},
	{"malformed HTTP status code", "HPE_INVALID_STATUS"},
	{"malformed MIME header initial line", "HPE_UNEXPECTED_SPACE"},
	{"malformed MIME header", "HPE_INVALID_HEADER_TOKEN"},
	{"multiple Content-Length", "HPE_UNEXPECTED_CONTENT_LENGTH"},
	{"Content-Length", "HPE_INVALID_CONTENT_LENGTH"},
	{"transfer encoding", "HPE_INVALID_TRANSFER_ENCODING"},
	{"Transfer-Encoding", "HPE_INVALID_TRANSFER_ENCODING"},
	{"chunk length", "HPE_INVALID_CHUNK_SIZE"},
	{"malformed chunked encoding", "HPE_STRICT"},
	{"header line too long", "HPE_CHUNK_EXTENSIONS_OVERFLOW"},
	{"chunked encoding contains too much", "HPE_CHUNK_EXTENSIONS_OVERFLOW"},
	{"suspiciously long trailer", "HPE_HEADER_OVERFLOW"},
	{"response headers exceeded", "HPE_HEADER_OVERFLOW"},
	{"message too large", "HPE_HEADER_OVERFLOW"},
	{"bad trailer key", "HPE_INVALID_HEADER_TOKEN"},
	{"invalid trailer", "HPE_INVALID_HEADER_TOKEN"},
	{"too many 1xx informational responses", "HPE_HEADER_OVERFLOW"},

	{"invalid header field name", "ERR_INVALID_HTTP_TOKEN"},
	{"invalid method", "ERR_INVALID_HTTP_TOKEN"},
	{"invalid header field value", "ERR_INVALID_CHAR"},
	{"unsupported protocol scheme", "ERR_UNSUPPORTED_PROTOCOL"},
	{"no Host in request URL", "ERR_INVALID_URL"},
	{"invalid Host header", "ERR_INVALID_CHAR"},
	{"invalid URL port", "ERR_INVALID_URL"},
	{"can't write control character in Request.URL", "ERR_INVALID_URL"},
	{"idna: ", "ERR_INVALID_URL"},

	// What is left of a protocol once its values and the texts above are taken.
	{"http3: ", "H3_GENERAL_PROTOCOL_ERROR"},
	{"tls: ", "EPROTO"},
	{"malformed", "HPE_INVALID_CONSTANT"},
}

func textName(err error) string {
	text := err.Error()
	for i := range texts {
		if strings.Contains(text, texts[i].part) {
			return texts[i].name
		}
	}
	return ""
}

// Malformed tells whether err means that an answer is not HTTP/1 as node's parser wants it.
func Malformed(err error) bool { return strings.HasPrefix(Of(err), "HPE_") }
