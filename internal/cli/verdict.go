package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/kvitto/kvitto/client"
)

// text is the verdict for people.
func (v *verdict) text(name string, colours paint) string {
	var b strings.Builder
	if v.Valid {
		return printable(name) + " is " + colours.good("valid") + "\n"
	}
	fmt.Fprintf(&b, "%s is %s: the API would answer %s\n", printable(name), colours.bad("not valid"),
		colours.bold(strconv.Itoa(v.Error.Status)+" "+v.Error.Code))
	for _, message := range v.Error.Messages {
		b.WriteString("  " + printable(message) + "\n")
	}
	if v.Reason != "" {
		b.WriteString("  " + printable(v.Reason) + "\n")
	}
	v.writeStages(&b, colours)
	if v.Corrected != nil {
		b.WriteString("\nOnly arithmetic is wrong. " + colours.bold("Corrected:") + "\n")
		var body bytes.Buffer
		// It comes from an encoder, so it is JSON.
		_ = json.Indent(&body, v.Corrected, "", "  ")
		b.WriteString(body.String() + "\n")
	}
	return b.String()
}

// writeStages prints the violations under the names of their stages. They come
// in the order of the stages; the API names those of the first alone.
func (v *verdict) writeStages(b *strings.Builder, colours paint) {
	first, last := "", ""
	for _, w := range v.Violations {
		stage := stageOf(&w)
		if first == "" {
			first = stage
		}
		if stage != last {
			title := colours.bold(stage)
			if stage != first {
				title += colours.dim(" (the API says so once the above is right)")
			}
			b.WriteString("\n" + title + "\n")
		}
		last = stage
		text := client.Violation{Path: w.Path, Rule: w.Rule, Sent: w.Sent, Expected: w.Expected, Tolerance: w.Tolerance, Hint: w.Hint}
		b.WriteString(indented("  ", text.String()))
	}
}

// stageOf names the stage in which the API looks at the rule.
func stageOf(v *violation) string {
	switch {
	case v.Rule == "supported_country", v.Rule == "currency_of_country", v.Path == "purchase_country", v.Path == "purchase_currency":
		return "Country and currency"
	case v.Rule == "line_total":
		return "Totals of lines"
	case v.Rule == "line_tax":
		return "Taxes of lines"
	case v.Rule == "order_amount":
		return "Order amount"
	case v.Rule == "order_tax_amount":
		return "Order tax amount"
	default:
		return "Properties"
	}
}
