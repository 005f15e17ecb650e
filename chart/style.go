package chart

import _ "embed" // the sheet

//go:embed chart.css
var style string

// Style returns the style sheet of all drawings. It loads nothing; the colours that it names at its top are the page's.
func Style() string { return style }
