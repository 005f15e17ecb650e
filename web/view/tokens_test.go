package view

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"edgescope/chart"
)

// rgb is a colour with channels 0..1.
type rgb [3]float64

// theme is the colours of the style sheet in one of its two schemes.
type theme map[string]rgb

var token = regexp.MustCompile(`--([a-z0-9-]+): (?:light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)|(#[0-9a-f]{6}));`)

// tokens reads the colours from the style sheet.
func tokens(t *testing.T) (light, dark theme) {
	t.Helper()
	css, err := os.ReadFile("../assets/app.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark = theme{}, theme{}
	for _, m := range token.FindAllStringSubmatch(string(css), -1) {
		a, b := m[2], m[3]
		if m[4] != "" {
			a, b = m[4], m[4]
		}
		light[m[1]], dark[m[1]] = parseHex(a), parseHex(b)
	}
	if len(light) < 30 {
		t.Fatalf("only %d colours found", len(light))
	}
	return light, dark
}

func parseHex(s string) rgb {
	var c rgb
	for i := range c {
		n, _ := strconv.ParseUint(s[1+2*i:3+2*i], 16, 8) // the pattern matched hex digits
		c[i] = float64(n) / 255
	}
	return c
}

func linear(c rgb) rgb {
	for i, v := range c {
		if v <= 0.04045 {
			c[i] = v / 12.92
		} else {
			c[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return c
}

// contrast is that of WCAG 2.
func contrast(a, b rgb) float64 {
	lum := func(c rgb) float64 { c = linear(c); return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2] }
	l, m := lum(a), lum(b)
	return (max(l, m) + 0.05) / (min(l, m) + 0.05)
}

type matrix [3]rgb

func (m matrix) times(c rgb) rgb {
	var out rgb
	for i := range m {
		out[i] = m[i][0]*c[0] + m[i][1]*c[1] + m[i][2]*c[2]
	}
	return out
}

// eyes are normal vision, deuteranopia, protanopia and tritanopia (Machado, Oliveira, Fernandes 2009), in linear RGB.
var eyes = []matrix{
	{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	{{.367322, .860646, -.227968}, {.280085, .672501, .047413}, {-.011820, .042940, .968881}},
	{{.152286, 1.052583, -.204868}, {.114503, .786281, .099216}, {-.003882, -.048116, 1.051998}},
	{{1.255528, -.076749, -.178779}, {-.078411, .930809, .147602}, {.004733, .691367, .303900}},
}

// oklab is Björn Ottosson's, from linear RGB.
func oklab(c rgb) rgb {
	lms := matrix{
		{0.4122214708, 0.5363325363, 0.0514459929},
		{0.2119034982, 0.6806995451, 0.1073969566},
		{0.0883024619, 0.2817188376, 0.6299787005},
	}.times(c)
	for i := range lms {
		lms[i] = math.Cbrt(lms[i])
	}
	return matrix{
		{0.2104542553, 0.7936177850, -0.0040720468},
		{1.9779984951, -2.4285922050, 0.4505937099},
		{0.0259040371, 0.7827717662, -0.8086757660},
	}.times(lms)
}

// distance is the least in OKLab over all eyes.
func distance(a, b rgb) float64 {
	least := math.Inf(1)
	for _, eye := range eyes {
		seen := func(c rgb) rgb {
			c = eye.times(linear(c))
			for i := range c {
				c[i] = max(0, min(1, c[i]))
			}
			return oklab(c)
		}
		x, y := seen(a), seen(b)
		least = min(least, math.Hypot(math.Hypot(x[0]-y[0], x[1]-y[1]), x[2]-y[2]))
	}
	return least
}

func bothThemes(t *testing.T, f func(t *testing.T, c theme)) {
	light, dark := tokens(t)
	t.Run("light", func(t *testing.T) { f(t, light) })
	t.Run("dark", func(t *testing.T) { f(t, dark) })
}

func TestTextHasContrast(t *testing.T) {
	bothThemes(t, func(t *testing.T, c theme) {
		for _, ink := range []string{"fg", "fg-2", "fg-3", "accent", "ok", "warn", "bad"} {
			for _, ground := range []string{"panel", "bg", "panel-2"} {
				if got := contrast(c[ink], c[ground]); got < 4.5 {
					t.Errorf("%s on %s has contrast %.2f, want 4.5", ink, ground, got)
				}
			}
		}
		for ink, ground := range map[string]string{"accent": "accent-bg", "bad": "bad-bg", "fg": "bad-bg"} {
			if got := contrast(c[ink], c[ground]); got < 4.5 {
				t.Errorf("%s on %s has contrast %.2f, want 4.5", ink, ground, got)
			}
		}
	})
}

// apart holds a set of colours to a contrast with the panel and a distance from each other.
func apart(t *testing.T, c theme, names []string, wantContrast, wantDistance float64) {
	t.Helper()
	for i, a := range names {
		if got := contrast(c[a], c["panel"]); got < wantContrast {
			t.Errorf("%s has contrast %.2f to the panel, want %.2f", a, got, wantContrast)
		}
		for _, b := range names[i+1:] {
			if got := distance(c[a], c[b]); got < wantDistance {
				t.Errorf("%s and %s are %.3f apart, want %.3f", a, b, got, wantDistance)
			}
		}
	}
}

func TestLinesAreToldApartByEveryEye(t *testing.T) {
	bothThemes(t, func(t *testing.T, c theme) {
		apart(t, c, []string{"s0", "s1", "s2", "s3", "s4", "s5"}, 3, .15)
		apart(t, c, []string{"cache-hit", "cache-stale", "cache-miss", "cache-bypass"}, 3, .12)
		apart(t, c, []string{"ok", "warn", "bad"}, 4.5, .09)
	})
}

func TestTheHeatRampIsMonotone(t *testing.T) {
	bothThemes(t, func(t *testing.T, c theme) {
		direction := 0.0
		for i := range 7 {
			a, b := c[fmt.Sprintf("h%d", i)], c[fmt.Sprintf("h%d", i+1)]
			step := oklab(linear(b))[0] - oklab(linear(a))[0]
			if i == 0 {
				direction = step
			}
			if step*direction <= 0 {
				t.Errorf("from h%d to h%d the lightness turns", i, i+1)
			}
			if got := distance(a, b); got < .05 {
				t.Errorf("h%d and h%d are %.3f apart, want .05", i, i+1, got)
			}
		}
	})
}

func TestTheLandHasTheShapeOfTheMap(t *testing.T) {
	css, err := os.ReadFile("../assets/app.css")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("aspect-ratio: %.4f;", chart.MapAspect()); !strings.Contains(string(css), want) {
		t.Errorf("the style sheet lacks %q: dots would lie beside their places", want)
	}
}
