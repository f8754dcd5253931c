package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/config"
)

// operator is where an operator's commands find their configuration.
type operator struct {
	file, store, data string
	listen, rules     string // serve only
	json              bool
}

// flags are those of every command that works on a store.
func (o *operator) flags(command *cobra.Command) {
	o.configFlag(command)
	command.Flags().StringVar(&o.store, "store", "", "the store: sqlite:`PATH` or postgres://...")
	command.Flags().StringVar(&o.data, "data", "", "the `DIR` of the SQLite files, instead of --store")
}

func (o *operator) configFlag(command *cobra.Command) {
	command.Flags().StringVar(&o.file, "config", "", "read the TOML `FILE` (default: what KVITTO_CONFIG names)")
}

func (o *operator) jsonFlag(command *cobra.Command, what string) {
	command.Flags().BoolVar(&o.json, "json", false, what)
}

// load reads the configuration with the command's flags over it.
func (o *operator) load(c *cobra.Command) (*config.Loaded, error) {
	inputs := config.Inputs{File: o.file, Environment: os.Environ(), Flags: make(map[string]string)}
	if inputs.File == "" {
		inputs.File = os.Getenv(config.ConfigVariable)
	}
	for key, value := range map[string]string{"store": o.store, "data": o.data, "listen": o.listen, "rules": o.rules} {
		if flag := c.Flags().Lookup(key); flag != nil && flag.Changed {
			inputs.Flags[key] = value
		}
	}
	if _, given := inputs.Flags["data"]; given {
		if _, both := inputs.Flags["store"]; both {
			return nil, usage("--store and --data both say where the store is; give one of them")
		}
		inputs.Flags["store"] = "" // a directory on the command line beats a store in the file
	}
	return config.Load(inputs)
}

// storeURL is where the store is.
func storeURL(c *config.Config) string {
	if c.Store != "" {
		return c.Store
	}
	return "sqlite:" + filepath.Join(c.Data, "kvitto.db")
}

// administer opens the configured store for the work of an operator.
func (o *operator) administer(c *cobra.Command, work func(app.Admin) error) (err error) {
	loaded, err := o.load(c)
	if err != nil {
		return err
	}
	opened, err := app.OpenAdmin(c.Context(), storeURL(&loaded.Config))
	if err != nil {
		return err
	}
	return workAndClose(opened, work)
}

// administerNew is administer that makes the store when there is none, and says
// so: a mistyped path must not pass unseen.
func (o *operator) administerNew(c *cobra.Command, work func(app.Admin) error) error {
	loaded, err := o.load(c)
	if err != nil {
		return err
	}
	opened, made, err := app.OpenNewAdmin(c.Context(), storeURL(&loaded.Config))
	if err != nil {
		return err
	}
	if made {
		// Whoever closed standard error wants the merchant all the same.
		_, _ = fmt.Fprintln(c.ErrOrStderr(), "kvitto: a new store was made:", config.Redacted(storeURL(&loaded.Config)))
	}
	return workAndClose(opened, work)
}

func workAndClose(opened app.Admin, work func(app.Admin) error) (err error) {
	defer func() {
		if closed := opened.Close(); err == nil {
			err = closed
		}
	}()
	return work(opened)
}
