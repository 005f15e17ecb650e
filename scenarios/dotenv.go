package scenarios

import (
	"fmt"
	"strings"
)

// ParseDotenv reads the lines of a .env file: NAME=value, with optional
// "export", quotes and # comments. The error names the line.
func ParseDotenv(src []byte) (map[string]string, error) {
	vars := map[string]string{}
	for i, line := range strings.Split(string(src), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("line %d: expected NAME=value", i+1)
		}
		vars[name] = dotenvValue(strings.TrimSpace(value))
	}
	return vars, nil
}

func dotenvValue(v string) string {
	if v == "" {
		return ""
	}
	if q := v[0]; q == '"' || q == '\'' || q == '`' {
		if end := strings.IndexByte(v[1:], q); end >= 0 {
			inner := v[1 : 1+end]
			if q == '"' {
				inner = strings.ReplaceAll(inner, `\n`, "\n")
			}
			return inner
		}
	}
	if i := strings.Index(v, "#"); i >= 0 {
		v = strings.TrimSpace(v[:i])
	}
	return v
}
