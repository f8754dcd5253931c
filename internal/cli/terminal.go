package cli

import (
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/mattn/go-isatty"
)

// terminal tells whether w shows colours: it is a terminal that is not dumb,
// and NO_COLOR (https://no-color.org) is not set.
func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" &&
		(isatty.IsTerminal(file.Fd()) || isatty.IsCygwinTerminal(file.Fd()))
}

// paint colours text, or leaves it as it is.
type paint struct{ on bool }

func (p paint) code(code, text string) string {
	if !p.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p paint) bold(text string) string { return p.code("1", text) }
func (p paint) dim(text string) string  { return p.code("2", text) }
func (p paint) good(text string) string { return p.code("32", text) }
func (p paint) bad(text string) string  { return p.code("31", text) }

// status colours what belongs to an HTTP status.
func (p paint) status(status int, text string) string {
	switch {
	case status < 400:
		return p.good(text)
	case status < 500:
		return p.code("33", text)
	default:
		return p.bad(text)
	}
}

// printable keeps what somebody sent from writing lines or colours of its own
// into a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// folded breaks lines that are longer than width runes, at spaces where there
// are any. What follows a break is not indented.
func folded(text string, width int) []string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		runes := []rune(line)
		for len(runes) > width {
			at := width
			for i := width; i > 0; i-- {
				if runes[i] == ' ' {
					at = i
					break
				}
			}
			lines = append(lines, strings.TrimRight(string(runes[:at]), " "))
			runes = runes[at:]
			for len(runes) > 0 && runes[0] == ' ' {
				runes = runes[1:]
			}
		}
		lines = append(lines, string(runes))
	}
	return lines
}

// indented puts prefix before every line that is not empty.
func indented(prefix, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString(prefix)
		}
		b.WriteString(line)
	}
	return b.String()
}

// count is a number with its noun: 1 line, 2 lines.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}
