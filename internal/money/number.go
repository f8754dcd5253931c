package money

import "math"

// ParseInteger reads a JSON number as an int64. A fraction is cut off towards
// zero, as the real server does (a quantity of 0.5 is read as 0); exact is
// false then, so that the caller can say so. ok is false when the value does
// not fit an int64. The text must be a valid JSON number; an exponent is
// honoured without ever building a number larger than an int64.
func ParseInteger(text string) (value int64, exact, ok bool) {
	if value, ok = parsePlain(text); ok {
		return value, true, true
	}
	return parseDecimal(text)
}

// parsePlain is the common case: at most 18 digits, no fraction, no exponent.
func parsePlain(text string) (int64, bool) {
	digits := text
	negative := len(digits) > 0 && digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	var value int64
	for i := 0; i < len(digits); i++ {
		c := digits[i] - '0'
		if c > 9 {
			return 0, false
		}
		value = value*10 + int64(c)
	}
	if negative {
		value = -value
	}
	return value, true
}

// decimal is a JSON number taken apart: digits scaled by 10^exponent.
type decimal struct {
	negative bool
	digits   string // without sign, point and leading zeros
	exponent int64  // of the last digit
}

func parseDecimal(text string) (value int64, exact, ok bool) {
	d, ok := splitDecimal(text)
	if !ok {
		return 0, false, false
	}
	if d.digits == "" {
		return 0, true, true
	}
	exact = true
	whole := d.digits
	if d.exponent < 0 {
		cut := min(-d.exponent, int64(len(whole)))
		for _, c := range whole[int64(len(whole))-cut:] {
			exact = exact && c == '0'
		}
		whole = whole[:int64(len(whole))-cut]
	}
	var magnitude uint64
	for i := 0; i < len(whole); i++ {
		if magnitude, ok = appendDigit(magnitude, uint64(whole[i]-'0')); !ok {
			return 0, false, false
		}
	}
	for e := int64(0); e < d.exponent; e++ {
		if magnitude, ok = appendDigit(magnitude, 0); !ok {
			return 0, false, false
		}
	}
	if d.negative {
		return int64(-magnitude), exact, magnitude <= 1<<63
	}
	return int64(magnitude), exact, magnitude <= math.MaxInt64
}

// appendDigit returns m*10 + digit unless that exceeds 2^63.
func appendDigit(m, digit uint64) (uint64, bool) {
	if m > (1<<63-digit)/10 {
		return 0, false
	}
	return m*10 + digit, true
}

// splitDecimal takes a JSON number apart. Exponents beyond two million are
// clamped: with at most a megabyte of digits the answer (zero or does not
// fit) is the same.
func splitDecimal(text string) (decimal, bool) {
	const exponentMax = 2_000_000
	var d decimal
	i := 0
	if i < len(text) && text[i] == '-' {
		d.negative = true
		i++
	}
	digits := make([]byte, 0, len(text))
	seenPoint, seenDigit := false, false
	for ; i < len(text) && text[i] != 'e' && text[i] != 'E'; i++ {
		switch c := text[i]; {
		case c == '.' && !seenPoint:
			seenPoint = true
		case c >= '0' && c <= '9':
			seenDigit = true
			if seenPoint {
				d.exponent--
			}
			if len(digits) > 0 || c != '0' {
				digits = append(digits, c)
			}
		default:
			return decimal{}, false
		}
	}
	d.digits = string(digits)
	if !seenDigit {
		return decimal{}, false
	}
	if i < len(text) {
		exponent, ok := parseExponent(text[i+1:], exponentMax)
		if !ok {
			return decimal{}, false
		}
		d.exponent += exponent
	}
	return d, true
}

func parseExponent(text string, limit int64) (int64, bool) {
	negative := false
	if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		negative = text[0] == '-'
		text = text[1:]
	}
	if text == "" {
		return 0, false
	}
	var exponent int64
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		exponent = min(exponent*10+int64(text[i]-'0'), limit)
	}
	if negative {
		exponent = -exponent
	}
	return exponent, true
}
