package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/backup"
	"github.com/kvitto/kvitto/internal/config"
)

func newMigrate() *cobra.Command {
	var from operator
	command := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the schema of a store up to date",
		Long: `Migrate runs what a store's schema lacks and says what it did. It may run in many
processes at the same time. A SQLite file is also brought up to date when a
server opens it; for PostgreSQL run migrate before the first server of a new
version starts. Servers of the version before go on meanwhile.`,
		Example: "  kvitto migrate --store postgres://kvitto@db/kvitto",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return migrate(c, from) },
	}
	from.flags(command)
	from.jsonFlag(command, "print one JSON object: store, applied, schema")
	return command
}

func migrate(c *cobra.Command, from operator) error {
	loaded, err := from.load(c)
	if err != nil {
		return err
	}
	url := storeURL(&loaded.Config)
	done, err := app.Migrate(c.Context(), url)
	if err != nil {
		return err
	}
	if from.json {
		return printObject(c.OutOrStdout(), struct {
			Store   string   `json:"store"`
			Applied []string `json:"applied"`
			Schema  int      `json:"schema"`
		}{config.Redacted(url), append([]string{}, done.Applied...), done.Schema})
	}
	for _, name := range done.Applied {
		if _, err := fmt.Fprintln(c.OutOrStdout(), "ran "+name); err != nil {
			return err
		}
	}
	said := "the store has schema %d\n"
	if len(done.Applied) == 0 {
		said = "nothing to do: the store has schema %d\n"
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), said, done.Schema)
	return err
}

func newBackup() *cobra.Command {
	var from operator
	command := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy a SQLite store into one file, also while a server runs",
		Long: `Backup copies the store and the request log, each as of one moment, checks the
copies, and writes both into one tar archive that only you can read. A server
that runs on the store goes on. FILE must not exist; the directory it is in
needs room for the store twice. For PostgreSQL see docs/operations.md.`,
		Example: "  kvitto backup /backup/kvitto-$(date +%F).tar --config kvitto.toml",
		Args:    oneArg("the name of the file to write"),
		RunE:    func(c *cobra.Command, args []string) error { return writeBackup(c, from, args[0]) },
	}
	from.flags(command)
	from.jsonFlag(command, "print one JSON object: file and what is in it")
	return command
}

func writeBackup(c *cobra.Command, from operator, path string) error {
	loaded, err := from.load(c)
	if err != nil {
		return err
	}
	manifest, err := app.Backup(c.Context(), storeURL(&loaded.Config), path, thisBuild().Version)
	if err != nil {
		return err
	}
	return tellArchive(c, from.json, path, "is checked and complete", manifest)
}

func newRestore() *cobra.Command {
	var data string
	var asJSON bool
	command := &cobra.Command{
		Use:   "restore FILE --data DIR",
		Short: "Make a store of a backup, in a directory that has none",
		Long: `Restore checks a backup, its databases and their schema, and puts them into a
data directory. It overwrites nothing: a directory that holds a store is refused.`,
		Example: "  kvitto restore /backup/kvitto-2026-01-31.tar --data /var/lib/kvitto",
		Args:    oneArg("the file that kvitto backup wrote"),
		RunE: func(c *cobra.Command, args []string) error {
			if data == "" {
				return usage("say where to with --data DIR")
			}
			if err := app.OwnDirectory(data); err != nil {
				return err
			}
			manifest, err := backup.Restore(c.Context(), args[0], data)
			if err != nil {
				return err
			}
			return tellArchive(c, asJSON, args[0], "is restored into "+data, manifest)
		},
	}
	command.Flags().StringVar(&data, "data", "", "the data directory to make, `DIR`")
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object: file and what is in it")
	return command
}

func tellArchive(c *cobra.Command, asJSON bool, path, done string, manifest backup.Manifest) error {
	if asJSON {
		return printObject(c.OutOrStdout(), struct {
			File string `json:"file"`
			backup.Manifest
		}{path, manifest})
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%s %s\n", path, done)
	for _, file := range manifest.Files {
		if err == nil {
			_, err = fmt.Fprintf(c.OutOrStdout(), "  %s  %d bytes\n", file.Name, file.Size)
		}
	}
	return err
}
