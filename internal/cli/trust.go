package cli

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/authority"
	"github.com/kvitto/kvitto/internal/hostname"
	"github.com/kvitto/kvitto/internal/truststore"
)

type trustFlags struct {
	data                        string
	apply, remove, caFile, json bool
}

func newTrust() *cobra.Command {
	var flags trustFlags
	command := &cobra.Command{
		Use:   "trust [PROGRAM...]",
		Short: "Print what makes programs trust the certificates of kvitto dev --tls",
		Long: `Trust prints, for each kind of program, what makes it trust the certificate
authority of kvitto dev --tls, on this machine and in a container; with names, for
those alone. The authority is made in the data directory when it is missing. It
can certify the original's host names and this machine, and nothing else.

With --apply it changes the named targets, system, nss (Chromium) or java, and
shows each command before it runs; --remove undoes that. Without them nothing is
changed.`,
		Example: "  kvitto trust\n  kvitto trust php node\n  kvitto trust --apply nss java\n  kvitto trust --remove nss java",
		RunE:    func(c *cobra.Command, args []string) error { return trust(c, flags, args) },
	}
	command.Flags().StringVar(&flags.data, "data", dataDefault, "the `DIR` of kvitto dev, which is made when missing")
	command.Flags().BoolVar(&flags.apply, "apply", false, "make the named targets trust it: system, nss, java")
	command.Flags().BoolVar(&flags.remove, "remove", false, "undo --apply for the named targets")
	command.Flags().BoolVar(&flags.caFile, "ca-file", false, "print the path of the certificate alone")
	command.Flags().BoolVar(&flags.json, "json", false, "print one JSON object")
	return command
}

// check refuses flags and names that do not go together.
func (f trustFlags) check(args []string) error {
	given := 0
	for _, flag := range []bool{f.apply, f.remove, f.caFile, f.json} {
		if flag {
			given++
		}
	}
	switch {
	case given > 1:
		return usage("--apply, --remove, --ca-file and --json each do something else; give one of them")
	case f.caFile && len(args) > 0:
		return usage("--ca-file prints one path and takes no argument, got %q", args[0])
	case (f.apply || f.remove) && len(args) == 0:
		return usage("say what to change: %s", strings.Join(truststore.Targets, ", "))
	}
	if f.apply || f.remove {
		for _, target := range args {
			if !slices.Contains(truststore.Targets, target) {
				return usage("there is no target %q; there are %s", target, strings.Join(truststore.Targets, ", "))
			}
		}
	}
	return nil
}

func trust(c *cobra.Command, flags trustFlags, args []string) error {
	if err := flags.check(args); err != nil {
		return err
	}
	data, err := filepath.Abs(flags.data)
	if err != nil {
		return err
	}
	if err := app.OwnDirectory(data); err != nil {
		return err
	}
	ca, err := authority.Open(authority.Options{Directory: filepath.Join(data, authorityDir), Names: hostname.Names()})
	if err != nil {
		return err
	}
	certificate := truststore.Certificate{File: ca.File(), Fingerprint: ca.Fingerprint(), KeyHash: ca.KeyHash()}
	switch {
	case flags.caFile:
		_, err := fmt.Fprintln(c.OutOrStdout(), ca.File())
		return err
	case flags.apply:
		return changeTrust(c, args, truststore.Apply, certificate)
	case flags.remove:
		return changeTrust(c, args, truststore.Remove, certificate)
	}
	ways, err := chosenWays(truststore.Ways(thisMachine(), certificate), args)
	if err != nil {
		return err
	}
	if flags.json {
		return printObject(c.OutOrStdout(), struct {
			CAFile      string           `json:"ca_file"`
			Fingerprint string           `json:"fingerprint_sha256"`
			Until       time.Time        `json:"until"`
			Ways        []truststore.Way `json:"ways"`
		}{ca.File(), ca.Fingerprint(), ca.Root().NotAfter.UTC(), ways})
	}
	return printWays(c.OutOrStdout(), ca, ways)
}

// chosenWays are those with the names, all without any.
func chosenWays(ways []truststore.Way, names []string) ([]truststore.Way, error) {
	if len(names) == 0 {
		return ways, nil
	}
	var chosen []truststore.Way
	for _, name := range names {
		at := slices.IndexFunc(ways, func(w truststore.Way) bool { return w.Name == name })
		if at < 0 {
			known := make([]string, len(ways))
			for i, way := range ways {
				known[i] = way.Name
			}
			return nil, usage("nothing is known about %q; there are %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, ways[at])
	}
	return chosen, nil
}

func printWays(w io.Writer, ca *authority.Authority, ways []truststore.Way) error {
	colours := paint{terminal(w)}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n# SHA-256 %s, until %s\n", printable(ca.File()), ca.Fingerprint(), ca.Root().NotAfter.Format(time.DateOnly))
	b.WriteString("# It certifies the names of kvitto hosts and this machine, and nothing else.\n")
	for _, way := range ways {
		b.WriteString("\n" + colours.bold("# "+way.Name) + ": " + way.For + "\n")
		for _, line := range way.Lines {
			b.WriteString(printable(line) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// changeTrust runs the commands of the targets, each shown before it runs. All
// are known before the first one runs.
func changeTrust(c *cobra.Command, targets []string, of func(string, truststore.Machine, truststore.Certificate) ([]truststore.Command, error),
	certificate truststore.Certificate) error {
	machine := thisMachine()
	var commands []truststore.Command
	for _, target := range targets {
		more, err := of(target, machine, certificate)
		if err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
		commands = append(commands, more...)
	}
	if len(commands) == 0 {
		_, err := fmt.Fprintln(c.OutOrStdout(), "there is nothing to change")
		return err
	}
	for _, command := range commands {
		if _, err := fmt.Fprintln(c.OutOrStdout(), "$ "+printable(command.String())); err != nil {
			return err
		}
		run := exec.CommandContext(c.Context(), command[0], command[1:]...)
		run.Stdin, run.Stdout, run.Stderr = c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr()
		if err := run.Run(); err != nil {
			return fmt.Errorf("%s: %w; what came before it is done, what comes after it is not", command[0], err)
		}
	}
	return nil
}

// thisMachine is where the command runs.
func thisMachine() truststore.Machine {
	home, _ := os.UserHomeDir() // who needs it says that it is missing
	return truststore.Machine{
		OS: runtime.GOOS, Root: os.Geteuid() == 0, Home: home,
		Find: func(name string) string {
			path, err := exec.LookPath(name)
			if err != nil {
				return ""
			}
			if real, err := filepath.EvalSymlinks(path); err == nil {
				return real
			}
			return path
		},
		Exists: func(path string) bool { _, err := os.Stat(path); return err == nil },
	}
}
