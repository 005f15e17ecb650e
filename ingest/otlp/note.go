package otlp

import (
	"strconv"
	"strings"
)

// maxNotes bounds the changes that an answer describes; further ones are only counted.
const maxNotes = 5

// notes are what an answer tells of records that were kept with a change, beside those that were rejected: values that
// were read as something else than they say. What is only dropped, such as an attribute without a value, is counted and
// not told, since some SDKs send it with every span.
type notes struct {
	told []string
	more int
}

// note counts a change of the record that is being read, by a reason, and has the answer describe it.
func (d *decoder) note(reason, text string) { d.noteAt(max(d.index-1, 0), reason, text) }

// noteAt is note for the record of that index.
func (d *decoder) noteAt(index int, reason, text string) {
	d.batch.Warn(reason)
	if len(d.notes.told) >= maxNotes {
		d.notes.more++
		return
	}
	d.notes.told = append(d.notes.told, d.signalOf(index).record()+" "+strconv.Itoa(index)+": "+text)
}

// append adds the notes to the message of an answer.
func (n *notes) append(msg *strings.Builder) {
	if len(n.told) == 0 {
		return
	}
	sep := "kept with changes: "
	if msg.Len() > 0 {
		sep = "; " + sep
	}
	for _, text := range n.told {
		msg.WriteString(sep + text)
		sep = "; "
	}
	if n.more > 0 {
		msg.WriteString("; and " + strconv.Itoa(n.more) + " more")
	}
}

func (n *notes) drop() { n.told, n.more = n.told[:0], 0 }
