package store

import "time"

// LogsQL is what an engine knows of a LogsQL text without running it.
type LogsQL struct {
	// Filter is the text without its pipes.
	Filter string
	// Newest is the text whose newest rows, newest first, are the first rows of the answer: every row of its answer is
	// one stored row with its _time, so that the newest N can be searched backwards, window by window. "" when there is
	// no such text.
	Newest string
	// Whole tells whether every row of the answer is a whole stored row: pipes choose and order rows, and make no
	// others.
	Whole bool
	// Tail tells whether the text can follow rows as they come.
	Tail bool
	// Fields are the fields of the answer in the order that the text gives them, nil when it does not name them. Ordered
	// tells whether rows come with their fields in an order that the text gives, be they named or not.
	Fields  []string
	Ordered bool
	// From and To bound the time of the rows by what the text's own filter says, From <= _time <= To; zero where it
	// says nothing.
	From, To time.Time
	// Least is the memory in bytes that a question of this text takes at once, before it can be stopped; Most is what
	// it may take in all, as far as the text tells, when one kind of events is asked.
	Least, Most int64
}

// Memory returns Least and Most for a question to so many kinds: the pipes that put together what the kinds have take
// as much as those before.
func (l *LogsQL) Memory(kinds int) (least, most int64) {
	if kinds > 1 {
		return l.Least, 2 * l.Most
	}
	return l.Least, l.Most
}

// LogsQLReader is a Reader that also takes LogsQL texts apart, which the HTTP API of LogsQL needs. A store with a
// remote engine need not be one: it passes that API through. Errors of a text are ErrBadQuery. The moment at is what
// "now" means.
type LogsQLReader interface {
	Reader
	// ParseLogsQL returns what is known of a text. It fails with ErrTooMuch for one that the engine could not be
	// stopped in.
	ParseLogsQL(text string, at time.Time) (LogsQL, error)
	// StatsLogsQL returns the text of a stats question and those of its fields that are labels; the others are numbers.
	// With a step above 0 the text is grouped by _time in buckets of that width, shifted by offset.
	StatsLogsQL(text string, at time.Time, step, offset time.Duration) (stats string, labels []string, err error)
	// HitsLogsQL returns the text that counts the rows of a text by _time in buckets, and by fields. Its rows have
	// _time, the fields, and one more field, the count.
	//
	// The texts that StatsLogsQL and HitsLogsQL answer are parsed as any other.
	HitsLogsQL(text string, at time.Time, step, offset time.Duration, fields []string) (string, error)
}
