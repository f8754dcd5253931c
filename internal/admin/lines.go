package admin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// What takes long answers with lines while it goes on, each a JSON document.
const (
	// lineMax bounds a line of the answer, in bytes.
	lineMax   = 1 << 20
	linesType = "application/x-ndjson"
)

// serveLines answers a question of at most questionMax bytes with lines. Each of
// them has the time of a whole call elsewhere.
func serveLines[Question any](w http.ResponseWriter, r *http.Request, questionMax int64,
	do func(ctx context.Context, question Question, line func([]byte) error) error) {
	var question Question
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, questionMax))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&question)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // what would end the request later
	begun := false
	if err == nil {
		err = do(r.Context(), question, func(line []byte) error {
			if !begun {
				w.Header().Set("Content-Type", linesType)
			}
			begun = true
			if err := control.SetWriteDeadline(time.Now().Add(patience)); err != nil {
				return err
			}
			if _, err := w.Write(append(line, '\n')); err != nil {
				return err
			}
			return control.Flush()
		})
	}
	if err != nil && !begun {
		_ = control.SetWriteDeadline(time.Now().Add(patience))
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer{Error: err.Error()})
	}
}

// lines asks what is answered with lines and hands them on.
func (r *Remote) lines(ctx context.Context, name string, question any, line func([]byte) error) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	asked, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://kvitto/"+name, bytes.NewReader(body))
	if err != nil {
		return err
	}
	patient := http.Client{Transport: r.http.Transport}
	response, err := patient.Do(asked)
	if err != nil {
		return fmt.Errorf("the running server does not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return otherVersion(name, response)
	}
	if response.Header.Get("Content-Type") != linesType {
		var back answer
		if err := json.NewDecoder(response.Body).Decode(&back); err != nil {
			return fmt.Errorf("the running server's answer: %w", err)
		}
		return errors.New(back.Error)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, lineMax)
	for lines.Scan() {
		if err := line(bytes.Clone(lines.Bytes())); err != nil {
			return err
		}
	}
	return lines.Err()
}
