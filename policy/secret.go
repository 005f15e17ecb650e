package policy

import (
	"errors"
	"fmt"
	"strings"

	"edgescope/internal/tree"
)

var errNoAddress = errors.New("is no URL: want one such as https://alerts.example.com/hook")

// maxSecret bounds a secret, in bytes.
const maxSecret = 64 << 10

// Secret is a text, or where one is: in a file or in the environment. The zero value is none.
type Secret struct{ Text, File, Env string }

// IsZero tells that there is no secret.
func (s Secret) IsZero() bool { return s == Secret{} }

// Read returns the text, as it is now: a file that was written anew counts. White space around it is no part of it. The
// error does not repeat it.
func (s Secret) Read(getenv func(string) string) (string, error) {
	switch {
	case s.File != "":
		text, err := tree.ReadFile(s.File, maxSecret)
		if err != nil {
			return "", fmt.Errorf("read a secret: %w", err)
		}
		if s.Text = strings.TrimSpace(string(text)); s.Text == "" {
			return "", fmt.Errorf("read a secret: %s is empty", s.File)
		}
	case s.Env != "":
		if s.Text = strings.TrimSpace(getenv(s.Env)); s.Text == "" {
			return "", fmt.Errorf("read a secret: the environment has no %s", s.Env)
		}
	}
	return s.Text, nil
}
