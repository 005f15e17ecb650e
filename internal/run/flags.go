package run

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"edgescope/internal/near"
)

// ErrHelp is returned by Parse after it has printed the help that was asked for.
var ErrHelp = flag.ErrHelp

// EnvPrefix begins the environment variable of every flag: --data-dir is also EDGESCOPE_DATA_DIR.
const EnvPrefix = "EDGESCOPE_"

// Flags are the flags of one program or verb. They live in a FlagSet of their own, since flag.CommandLine belongs to
// the storage engines, and are listed in the help under the groups in which they were added.
type Flags struct {
	set    *flag.FlagSet
	usage  string
	groups []group
	long   map[string]string // short name -> long name
	short  map[string]string
}

type group struct {
	title string
	names []string
}

// NewFlags makes an empty set. usage is the text above the flags: a usage line and what the program does.
func NewFlags(program, usage string) *Flags {
	set := flag.NewFlagSet(program, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	return &Flags{set: set, usage: usage, long: map[string]string{}, short: map[string]string{}}
}

// Group begins a group: flags added from here on are listed under its title.
func (f *Flags) Group(title string) { f.groups = append(f.groups, group{title: title}) }

func (f *Flags) note(name string) {
	if len(f.groups) == 0 {
		f.Group("Flags")
	}
	g := &f.groups[len(f.groups)-1]
	g.names = append(g.names, name)
}

// String adds a text flag.
func (f *Flags) String(p *string, name, value, usage string) {
	f.set.StringVar(p, name, value, usage)
	f.note(name)
}

// Bool adds a switch.
func (f *Flags) Bool(p *bool, name string, value bool, usage string) {
	f.set.BoolVar(p, name, value, usage)
	f.note(name)
}

// Int adds a whole number.
func (f *Flags) Int(p *int, name string, value int, usage string) {
	f.set.IntVar(p, name, value, usage)
	f.note(name)
}

// Float adds a finite number.
func (f *Flags) Float(p *float64, name string, value float64, usage string) {
	*p = value
	f.Var((*floatValue)(p), name, usage)
}

// Duration adds a length of time: what time.ParseDuration reads, a number of days such as 30d, or a bare number, which
// is seconds as in scripts.
func (f *Flags) Duration(p *time.Duration, name string, value time.Duration, usage string) {
	*p = value
	f.Var((*durationValue)(p), name, usage)
}

// Bytes adds a size: a number with an optional unit KB, MB, GB (powers of 1000) or KiB, MiB, GiB (powers of 1024).
func (f *Flags) Bytes(p *int64, name string, value int64, usage string) {
	*p = value
	f.Var((*bytesValue)(p), name, usage)
}

// Strings adds a flag that may be given several times.
func (f *Flags) Strings(p *[]string, name, usage string) { f.Var((*stringsValue)(p), name, usage) }

// Var adds a flag with a type of its own.
func (f *Flags) Var(v flag.Value, name, usage string) {
	f.set.Var(v, name, usage)
	f.note(name)
}

// Alias gives a flag a short name, such as -t for --target.
func (f *Flags) Alias(short, long string) {
	target := f.set.Lookup(long)
	if target == nil {
		panic("BUG: alias of the unknown flag --" + long)
	}
	f.set.Var(target.Value, short, target.Usage)
	f.long[short], f.short[long] = long, short
}

// Given tells whether a flag was set, on the command line or in the environment.
func (f *Flags) Given(name string) bool {
	given := false
	f.set.Visit(func(fl *flag.Flag) { given = given || fl.Name == name || f.long[fl.Name] == name })
	return given
}

// Parse reads the environment and then args, in which flags may stand before, between and after the operands ("--" ends
// the flags) and short ones in one word with their value (-n10). It returns the operands. Asked for help it prints it to help and returns ErrHelp; other errors have exit
// code 2.
func (f *Flags) Parse(args []string, lookupEnv func(string) (string, bool), help io.Writer) ([]string, error) {
	if err := f.parseEnv(lookupEnv); err != nil {
		return nil, err
	}
	var operands []string
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			return append(operands, args...), nil
		case len(arg) < 2 || arg[0] != '-':
			operands = append(operands, arg)
		default:
			used, err := f.read(arg, args)
			if errors.Is(err, ErrHelp) {
				f.Help(help)
				return nil, err
			}
			if err != nil {
				return nil, Usage("%w (see --help)", err)
			}
			args = args[used:]
		}
	}
	return operands, nil
}

// read sets the flag that a word names and returns how many of the words behind it are its value.
func (f *Flags) read(word string, rest []string) (used int, err error) {
	name, value, given := strings.Cut(strings.TrimPrefix(word[1:], "-"), "=")
	fl := f.set.Lookup(name)
	switch {
	case fl == nil && (name == "help" || name == "h"):
		return 0, ErrHelp
	case fl == nil:
		return 0, f.readGlued(word)
	case given:
	case isSwitch(fl):
		value = "true"
	case len(rest) == 0:
		return 0, fmt.Errorf("%s needs a value", dashed(name))
	default:
		value, used = rest[0], 1
	}
	return used, f.assignNamed(fl, value)
}

// readGlued sets short flags that stand in one word, with the value of the last: -n10, -kq. A word of more than three
// letters that is nearly a long flag is none of these.
func (f *Flags) readGlued(word string) error {
	var long []string
	f.set.VisitAll(func(fl *flag.Flag) {
		if len(fl.Name) > 1 {
			long = append(long, "--"+fl.Name)
		}
	})
	typed, _, _ := strings.Cut(word, "=")
	hint := near.Hint("--"+strings.TrimLeft(typed, "-"), long...)
	unknown := fmt.Errorf("unknown flag %s%s", typed, hint)
	if strings.HasPrefix(word, "--") || hint != "" && len(typed) > 4 {
		return unknown
	}
	for i := 1; i < len(word); i++ {
		fl := f.set.Lookup(word[i : i+1])
		switch {
		case fl == nil:
			return unknown
		case !isSwitch(fl):
			return f.assignNamed(fl, word[i+1:])
		}
		if err := f.assign(fl, "true"); err != nil {
			return err
		}
	}
	return nil
}

// isSwitch tells whether a flag stands without a value.
func isSwitch(fl *flag.Flag) bool {
	b, ok := fl.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

func (f *Flags) assignNamed(fl *flag.Flag, value string) error {
	if err := f.assign(fl, value); err != nil {
		return fmt.Errorf("%s %q: %w", dashed(fl.Name), value, err)
	}
	return nil
}

// assign sets a flag. Package flag says of whole numbers and switches only that they do not parse.
func (f *Flags) assign(fl *flag.Flag, value string) error {
	err := f.set.Set(fl.Name, value)
	if err == nil {
		return nil
	}
	if got, ok := fl.Value.(flag.Getter); ok {
		switch got.Get().(type) {
		case bool:
			err = errors.New("want true or false")
		case int:
			err = errors.New("want a whole number")
		}
	}
	return err
}

// dashed is a flag as it is typed: -o, --output.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

func (f *Flags) parseEnv(lookupEnv func(string) (string, bool)) error {
	var errs []error
	f.set.VisitAll(func(fl *flag.Flag) {
		if _, alias := f.long[fl.Name]; alias {
			return
		}
		key := EnvPrefix + strings.ToUpper(strings.ReplaceAll(fl.Name, "-", "_"))
		if value, ok := lookupEnv(key); ok && value != "" {
			if err := f.assign(fl, value); err != nil {
				errs = append(errs, Usage("%s=%q: %w", key, value, err))
			}
		}
	})
	return errors.Join(errs...)
}

// Help prints the usage text and the flags by group.
func (f *Flags) Help(w io.Writer) {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(f.usage) + "\n")
	for _, g := range f.groups {
		b.WriteString("\n" + g.title + ":\n")
		for _, name := range g.names {
			b.WriteString(f.helpFlag(name))
		}
	}
	b.WriteString("\nEvery flag is also an environment variable: --log-level is " + EnvPrefix + "LOG_LEVEL.\n")
	io.WriteString(w, b.String())
}

func (f *Flags) helpFlag(name string) string {
	fl := f.set.Lookup(name)
	left := "      --" + name
	if short := f.short[name]; short != "" {
		left = "  -" + short + ", --" + name
	}
	arg, usage := flag.UnquoteUsage(fl)
	if arg != "" {
		left += " " + arg
	}
	if fl.DefValue != "" && fl.DefValue != "false" && fl.DefValue != "0" {
		usage += " (" + fl.DefValue + ")"
	}
	const column = 34
	if len(left) >= column {
		return fmt.Sprintf("%s\n%*s%s\n", left, column, "", usage)
	}
	return fmt.Sprintf("%-*s%s\n", column, left, usage)
}

type floatValue float64

func (v *floatValue) Set(s string) error {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return errors.New("want a number")
	}
	*v = floatValue(n)
	return nil
}

func (v *floatValue) String() string { return strconv.FormatFloat(float64(*v), 'g', -1, 64) }

type durationValue time.Duration

func (v *durationValue) Set(s string) error {
	number, unit := s, time.Second
	if days, ok := strings.CutSuffix(s, "d"); ok {
		number, unit = days, 24*time.Hour
	}
	if n, err := strconv.ParseFloat(number, 64); err == nil && n >= 0 && n*float64(unit) < math.MaxInt64 {
		*v = durationValue(n * float64(unit))
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return errors.New("want a length of time such as 30s, 5m, 1h or 30d; a bare number is seconds")
	}
	*v = durationValue(d)
	return nil
}

func (v *durationValue) String() string {
	d := time.Duration(*v)
	if d != 0 && d%(24*time.Hour) == 0 {
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

var units = []struct {
	suffix string
	size   int64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"B", 1},
	{"", 1},
}

type bytesValue int64

func (v *bytesValue) Set(s string) error {
	for _, u := range units {
		number, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || n < 0 || n*float64(u.size) >= 1<<63 {
			break
		}
		*v = bytesValue(n * float64(u.size))
		return nil
	}
	return errors.New("want a size such as 512MB, 64MiB or 1048576")
}

func (v *bytesValue) String() string {
	n := int64(*v)
	for _, u := range []int{3, 2, 1, 0} {
		if size := units[u].size; n >= size && n%size == 0 {
			return strconv.FormatInt(n/size, 10) + units[u].suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

type stringsValue []string

func (v *stringsValue) Set(s string) error {
	*v = append(*v, s)
	return nil
}

func (v *stringsValue) String() string { return strings.Join(*v, ",") }
