package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/wire"
)

type checkFlags struct {
	connection
	session string
	json    bool
}

func newCheck() *cobra.Command {
	var flags checkFlags
	command := &cobra.Command{
		Use:   "check FILE",
		Short: "Say everything that is wrong with the body of a create session",
		Long: `Check validates the body of a create session without a server, and prints every
broken rule at once; the API names only those of the first stage. When nothing
but arithmetic is wrong it prints the corrected body too. FILE is - for standard
input.

With --session it asks a server whether the body would be a valid update of that
session.`,
		Example: "  kvitto check cart.json\n  kvitto check - < cart.json",
		Args:    oneArg("one file, or - for standard input"),
		RunE:    func(c *cobra.Command, args []string) error { return check(c, flags, args[0]) },
	}
	flags.flags(command)
	command.Flags().StringVar(&flags.session, "session", "", "check an update of the session `ID` on the server")
	command.Flags().BoolVar(&flags.json, "json", false, "print one JSON object")
	return command
}

func check(c *cobra.Command, flags checkFlags, file string) error {
	body, err := readBody(c.InOrStdin(), file)
	if err != nil {
		return err
	}
	var found verdict
	if flags.session == "" {
		found, err = checkCreate(body)
	} else {
		found, err = checkUpdate(c, flags, body)
	}
	if err != nil {
		return err
	}
	if flags.json {
		err = printObject(c.OutOrStdout(), found)
	} else {
		name := file
		if file == "-" {
			name = "the body"
		}
		_, err = io.WriteString(c.OutOrStdout(), found.text(name, paint{terminal(c.OutOrStdout())}))
	}
	if err == nil && !found.Valid {
		err = errTold
	}
	return err
}

// readBody reads what the API would read, and one byte more to see that there
// is more.
func readBody(stdin io.Reader, file string) (body []byte, err error) {
	from := stdin
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, opened.Close()) }()
		from = opened
	}
	body, err = io.ReadAll(io.LimitReader(from, api.BodyMax+1))
	if err == nil && len(body) > api.BodyMax {
		err = fmt.Errorf("%s is larger than %d bytes: the API would answer 413", file, api.BodyMax)
	}
	return body, err
}

// verdict is what a check found, and what --json prints.
type verdict struct {
	Valid      bool               `json:"valid"`
	Error      *client.CheckError `json:"error,omitempty"`
	Reason     string             `json:"reason,omitzero"` // of a body that is not JSON
	Violations []violation        `json:"violations"`
	Corrected  json.RawMessage    `json:"corrected,omitempty"`
}

// violation is a client.Violation without the origins, which a check has not.
type violation struct {
	Path      string `json:"path"`
	Rule      string `json:"rule"`
	Sent      any    `json:"sent"`
	Expected  any    `json:"expected"`
	Tolerance int64  `json:"tolerance"`
	Hint      string `json:"hint"`
}

func verdictOf(result client.CheckResult) verdict {
	v := verdict{Valid: result.Valid, Error: result.Error, Corrected: result.Corrected, Violations: []violation{}}
	for _, w := range result.Violations {
		v.Violations = append(v.Violations, violation{w.Path, w.Rule, w.Sent, w.Expected, w.Tolerance, w.Hint})
	}
	return v
}

// checkCreate decides without a server, by the same code that serves.
func checkCreate(body []byte) (verdict, error) {
	request, err := wire.DecodeRequest(body)
	if err != nil {
		return malformed(body, err), nil
	}
	_, _, refusal := checkout.Create("", "", request.Content, request.Problems, time.Time{})
	var corrections []checkout.Correction
	if refusal != nil {
		request.Annotate(refusal.Violations)
		content := checkout.Content{}.Merge(request.Content)
		corrections = checkout.Advise(&content, refusal.Violations)
	}
	// The server's own answer, read back: both ways print alike.
	var result client.CheckResult
	decoder := json.NewDecoder(bytes.NewReader(wire.AppendCheck(nil, body, &request, refusal, corrections)))
	decoder.UseNumber()
	err = decoder.Decode(&result)
	return verdictOf(result), err
}

// checkUpdate asks the server, which knows the session.
func checkUpdate(c *cobra.Command, flags checkFlags, body []byte) (verdict, error) {
	server, err := flags.client()
	if err != nil {
		return verdict{}, err
	}
	result, err := server.Check(c.Context(), body, flags.session)
	var refused *client.Error
	if errors.As(err, &refused) && refused.Code == "BAD_REQUEST" {
		_, err := wire.DecodeRequest(body)
		return malformed(body, err), nil
	}
	if err != nil {
		return verdict{}, flags.helpful(err)
	}
	return verdictOf(result), nil
}

// malformed is the verdict on a body that is not a JSON object.
func malformed(body []byte, err error) verdict {
	f := wire.FailureOf(&checkout.Refusal{Kind: checkout.KindBadRequest})
	return verdict{
		Error:  &client.CheckError{Status: f.Status, Code: f.Code, Messages: append([]string{}, f.Messages...)},
		Reason: malformation(body, err), Violations: []violation{},
	}
}

// malformation says where a body stops being JSON.
func malformation(body []byte, err error) string {
	if len(bytes.TrimSpace(body)) == 0 {
		return "the body is empty"
	}
	var where *wire.Malformation
	if !errors.As(err, &where) {
		return fmt.Sprint(err)
	}
	before := body[:where.Offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("line %d, column %d: %s", line, column, where.What)
}
