package portal

import (
	"fmt"
	"strconv"
	"time"
)

// plot is a time in bars, which are made of parts that stand on each other.
type plot struct {
	Name   string // the beginning of its ids
	Title  string
	Says   string // for who does not see it
	Series []series
	Bars   []bar
	Lines  []gridLine
	Time   string // heads the column of times
}

// series is a kind of part.
type series struct{ Name, Class string }

// bar is one of a plot; its numbers are in the plot's own units.
type bar struct {
	From   string // when it begins, in words
	Counts []uint64
	Parts  []part
	X      int
	Mark   string // below it; empty for most
	Middle int    // where the mark stands
	Label  string
}

// part is one count of a bar.
type part struct {
	Class          string
	X, Y, W, H, Rx int
}

// gridLine is a height with its number.
type gridLine struct {
	Y, TextY int
	Text     string
}

// The measures of a plot, in its own units.
const (
	plotWidth  = 640
	plotHeight = 190
	plotLeft   = 46 // of the numbers
	plotTop    = 10
	plotFoot   = 150 // where the bars stand
	plotText   = 172 // where the marks stand
	plotGap    = 0.3 // of a bar's room
)

func (plot) Width() int  { return plotWidth }
func (plot) Height() int { return plotHeight }
func (plot) Left() int   { return plotLeft }
func (plot) Text() int   { return plotText }

// newPlot draws counts, which has as many of each bar as there are series.
func newPlot(name, title string, of period, all []series, starts []time.Time, counts [][]uint64) plot {
	p := plot{Name: name, Title: title, Series: all, Time: of.barName, Bars: make([]bar, len(starts))}
	most, sums := uint64(0), make([]uint64, len(all))
	for i := range starts {
		sum := uint64(0)
		for j, n := range counts[i] {
			sum, sums[j] = sum+n, sums[j]+n
		}
		most = max(most, sum)
	}
	top := roundUp(most)
	for _, share := range []uint64{0, 1, 2} {
		y := heightAt(top*share/2, top)
		p.Lines = append(p.Lines, gridLine{y, y + 4, grouped(top * share / 2)})
	}
	room := float64(plotWidth-plotLeft) / float64(max(1, len(starts)))
	for i, start := range starts {
		b := bar{From: start.UTC().Format(of.barFormat), Counts: counts[i], X: plotLeft + int(room*(float64(i)+plotGap/2))}
		width := max(2, int(room*(1-plotGap)))
		b.Middle = b.X + width/2
		b.Label = b.From + ":"
		y := plotFoot
		for j, n := range counts[i] {
			b.Label += " " + grouped(n) + " " + all[j].Name + ","
			if n == 0 {
				continue
			}
			const least = 2 // it is seen also where it is little beside the most
			h := max(least, plotFoot-heightAt(n, top))
			y -= h
			b.Parts = append(b.Parts, part{all[j].Class, b.X, y, width, h, min(2, width/3)})
		}
		b.Label = b.Label[:len(b.Label)-1]
		if i%of.markEvery == of.markAt(starts) {
			b.Mark = start.UTC().Format(of.markFormat)
		}
		p.Bars[i] = b
	}
	p.Says = title + " in " + of.name + ":"
	for j := range all {
		p.Says += fmt.Sprintf(" %s %s,", grouped(sums[j]), all[j].Name)
	}
	p.Says += fmt.Sprintf(" at most %s in %s", grouped(most), of.barSpan)
	return p
}

func heightAt(n, top uint64) int {
	return plotFoot - int(float64(plotFoot-plotTop)*float64(n)/float64(top))
}

// roundUp is the end of a scale with whole numbers at both ends and in the middle.
func roundUp(n uint64) uint64 {
	for unit := uint64(1); ; unit *= 10 {
		for _, of := range [...]uint64{2, 4, 6, 8, 10} {
			if of*unit >= n {
				return of * unit
			}
		}
	}
}

// grouped writes 1234567 as 1,234,567.
func grouped(n uint64) string {
	text := strconv.FormatUint(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
