package spans

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"edgescope/edge"
)

const (
	// halfDigits are the hex digits of half an id, which Jaeger reads as a number; all of an id have twice as many.
	halfDigits = 16
	digits     = 2 * halfDigits
)

// ReadID reads the id of a trace: 1 to 32 hex digits, zeros before them left out or not, or base64 of 16 bytes. It
// returns 32 digits in lower case. The texts of errors are Jaeger's.
func ReadID(text string) (string, error) {
	if len(text) > digits {
		return "", fmt.Errorf("TraceID cannot be longer than %d hex characters: %s", digits, text)
	}
	low := text
	var err error
	if len(text) > halfDigits {
		low = text[len(text)-halfDigits:]
		_, err = strconv.ParseUint(text[:len(text)-halfDigits], 16, 64)
	}
	if err == nil {
		_, err = strconv.ParseUint(low, 16, 64)
	}
	if err == nil {
		return strings.Repeat("0", digits-len(text)) + strings.ToLower(text), nil
	}
	trimmed := strings.TrimRight(text, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := encoding.DecodeString(trimmed); err == nil && len(b) == len(edge.TraceID{}) {
			return hex.EncodeToString(b), nil
		}
	}
	return "", err //nolint:wrapcheck // Jaeger's text
}

// shortID is the id of a trace as version 1 prints it: 16 digits when the others are zeros.
func shortID(id string) string {
	if len(id) == digits && strings.Trim(id[:halfDigits], "0") == "" {
		return id[halfDigits:]
	}
	return id
}
