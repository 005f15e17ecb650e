package door

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// What follows is the wire of gRPC on net/http (github.com/grpc/grpc, PROTOCOL-HTTP2.md): what stands around a message,
// and how a call ends.

// prefixLen is the length of what stands before a message: a byte that tells whether it is compressed, and its length.
const prefixLen = 5

// isCall tells whether a request is a call of gRPC.
func isCall(r *http.Request) bool {
	return r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
}

// beginAnswer sets the headers of an answer.
func beginAnswer(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/grpc")
	h["Date"] = nil // gRPC has no use for it, and it costs a search of the header table
}

// sendMessage writes a message. begun holds room for its prefix, and then the message.
func sendMessage(w http.ResponseWriter, begun []byte) error {
	begun[0] = 0
	binary.BigEndian.PutUint32(begun[1:], uint32(len(begun)-prefixLen))
	_, err := w.Write(begun)
	return err
}

// endCall ends a call whose messages were sent.
func endCall(w http.ResponseWriter) { w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0") }

// endWithStatus ends a call with a status. The headers go first and by themselves: clients differ in what they make of
// a status among headers when a length is there too.
func endWithStatus(w http.ResponseWriter, st *status.Status) {
	// A client that went away needs no status.
	_ = http.NewResponseController(w).Flush()
	h := w.Header()
	h.Set(http.TrailerPrefix+"Grpc-Status", strconv.Itoa(int(st.Code())))
	h.Set(http.TrailerPrefix+"Grpc-Message", percentEncoded(st.Message()))
	if len(st.Proto().GetDetails()) == 0 {
		return
	}
	if details, err := proto.Marshal(st.Proto()); err == nil { // code and message alone say it too
		h.Set(http.TrailerPrefix+"Grpc-Status-Details-Bin", base64.RawStdEncoding.EncodeToString(details))
	}
}

// percentEncoded writes a message as the header grpc-message has it.
func percentEncoded(s string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(s) {
		if c := s[i]; c >= ' ' && c <= '~' && c != '%' {
			out.WriteByte(c)
		} else {
			out.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return out.String()
}
