package edge

// DatasetPattern is what the name of a dataset matches, as a regular expression to show to people.
const DatasetPattern = `^[A-Za-z0-9_.-]{1,64}$`

// ValidDataset tells whether a name is one of a dataset: 1 to 64 letters, digits, dots, dashes and underscores.
func ValidDataset(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return len(name) >= 1 && len(name) <= 64
}
