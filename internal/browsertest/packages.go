package browsertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// installMax bounds the installation of a package.
const installMax = 3 * time.Minute

var installing sync.Mutex

// NPM is a folder whose node_modules has the package, for example
// axe-core@4.11.0, as it is published. It is installed once into the user's
// cache folder, without its scripts. Where npm cannot, the test is skipped
// loudly, or fails where CI is set.
func NPM(t testing.TB, name string) (folder string) {
	t.Helper()
	installing.Lock()
	defer installing.Unlock()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	folder = filepath.Join(cache, "kvitto-test", strings.NewReplacer("/", "_", "@", "_").Replace(name))
	if _, err := os.Stat(filepath.Join(folder, "node_modules")); err == nil {
		return folder
	}
	missing := func(why string) {
		if os.Getenv("CI") != "" {
			t.Fatal(why)
		}
		t.Skip("NOT TESTED: " + why)
	}
	if _, err := exec.LookPath("npm"); err != nil {
		missing("npm is not installed, so " + name + " was not used")
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		t.Fatal(err)
	}
	// A half installation is never seen: the folder gets its name when it is whole.
	fresh, err := os.MkdirTemp(filepath.Dir(folder), "new-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	ctx, cancel := context.WithTimeout(t.Context(), installMax)
	defer cancel()
	install := exec.CommandContext(ctx, "npm", "install", "--prefix", fresh, "--no-audit", "--no-fund", "--ignore-scripts", name)
	if log, err := install.CombinedOutput(); err != nil {
		missing("npm cannot install " + name + ": " + err.Error() + "\n" + string(log))
	}
	if err := os.Rename(fresh, folder); err != nil {
		// Another process was faster.
		if _, there := os.Stat(filepath.Join(folder, "node_modules")); there != nil {
			t.Fatal(err)
		}
	}
	return folder
}
