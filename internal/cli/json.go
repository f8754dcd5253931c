package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// printObject prints a value as JSON in one line.
func printObject(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // it is for a terminal or a program
	return encoder.Encode(value)
}

// printDocument prints a JSON document in one line.
func printDocument(w io.Writer, document []byte) error {
	var line bytes.Buffer
	if err := json.Compact(&line, document); err != nil {
		return fmt.Errorf("the answer is not JSON: %w", err)
	}
	line.WriteByte('\n')
	_, err := line.WriteTo(w)
	return err
}
