package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/config"
)

func newConfig() *cobra.Command {
	command := &cobra.Command{
		Use:   "config",
		Short: "Check a configuration, or print an example of one",
		Long: `Config is about the file that kvitto serve reads: check says what is wrong with
it, example prints one with every key, its sentence and its default.`,
		Example: "  kvitto config example > kvitto.toml\n  kvitto config check --config kvitto.toml",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.AddCommand(newConfigCheck(), newConfigExample())
	return command
}

func newConfigExample() *cobra.Command {
	return &cobra.Command{
		Use:     "example",
		Short:   "Print a file with every key and its default",
		Example: "  kvitto config example > kvitto.toml",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := io.WriteString(c.OutOrStdout(), config.Example())
			return err
		},
	}
}

func newConfigCheck() *cobra.Command {
	var from operator
	command := &cobra.Command{
		Use:   "check",
		Short: "Say everything that is wrong with a configuration",
		Long: `Check reads the configuration as kvitto serve would: the file, KVITTO_ variables,
defaults. It says everything that is wrong at once, each with the next step, or
prints what differs from the defaults. Passwords are never shown. It opens no
store and no port.`,
		Example: "  kvitto config check --config /etc/kvitto/kvitto.toml",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return checkConfig(c, from) },
	}
	from.configFlag(command)
	from.jsonFlag(command, "print one JSON object: ok, problems, warnings, settings")
	return command
}

func checkConfig(c *cobra.Command, from operator) error {
	loaded, err := from.load(c)
	var invalid *config.Invalid
	if err != nil && !errors.As(err, &invalid) {
		return err
	}
	if from.json {
		var settings []config.Setting
		var warnings []config.Problem
		problems := []config.Problem{}
		if invalid != nil {
			problems = invalid.Problems
		} else {
			settings, warnings = loaded.Settings(), loaded.Warnings()
		}
		if err := printObject(c.OutOrStdout(), struct {
			OK       bool             `json:"ok"`
			Problems []config.Problem `json:"problems"`
			Warnings []config.Problem `json:"warnings,omitempty"`
			Settings []config.Setting `json:"settings,omitempty"`
		}{invalid == nil, problems, warnings, settings}); err != nil {
			return err
		}
		if invalid != nil {
			return errTold
		}
		return nil
	}
	if invalid != nil {
		_, _ = fmt.Fprintln(c.OutOrStdout(), invalid.Error())
		return errTold
	}
	_, err = fmt.Fprintln(c.OutOrStdout(), "the configuration is right")
	for _, warning := range loaded.Warnings() {
		if err == nil {
			_, err = fmt.Fprintln(c.OutOrStdout(), "warning: "+warning.String())
		}
	}
	for _, setting := range loaded.Settings() {
		if err == nil && setting.Source != "default" {
			_, err = fmt.Fprintf(c.OutOrStdout(), "  %s = %s  (%s)\n", setting.Key, printable(setting.Value), setting.Source)
		}
	}
	return err
}
