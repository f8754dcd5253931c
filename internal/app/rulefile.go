package app

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/kvitto/kvitto/internal/risk"
)

// ReadRules reads a rule file with its lists. Its error is a *risk.Invalid where
// the file is one that cannot be used.
func ReadRules(file string) (*risk.RuleSet, error) {
	set, _, err := readRules(file)
	return set, err
}

// ReadSentRules reads a rule file as ReadRules does, with what is sent of it to a
// server: its text, and its lists by their paths.
func ReadSentRules(file string) (text string, lists map[string]string, err error) {
	lists = map[string]string{}
	_, _, err = readRulesAs(file, func(path string, data []byte) {
		if path == "" {
			text = string(data)
			return
		}
		lists[path] = string(data)
	})
	return text, lists, err
}

// seenFile is the state of a file when it was read; nil when it was not there.
type seenFile struct {
	path string
	info fs.FileInfo
}

// same tells whether the file is as it was.
func (s seenFile) same() bool {
	now, err := os.Stat(s.path)
	if err != nil || s.info == nil {
		return err != nil && s.info == nil
	}
	return s.is(now)
}

// is tells whether the file, which was there, is as it was.
func (s seenFile) is(now fs.FileInfo) bool {
	return os.SameFile(s.info, now) && stampOf(s.info) == stampOf(now)
}

// readRules reads a rule file and its lists, and tells which files it looked at,
// the rule file first, also when they cannot be used.
func readRules(file string) (set *risk.RuleSet, seen []seenFile, err error) {
	return readRulesAs(file, func(string, []byte) {})
}

// readRulesAs is readRules that hands on what it reads: the file without a path,
// and each list with the path that the file names.
func readRulesAs(file string, read func(path string, data []byte)) (set *risk.RuleSet, seen []seenFile, err error) {
	text, info, err := readBounded(file, os.Open, risk.FileMax)
	seen = []seenFile{seenAs(file, info)}
	if err != nil {
		return nil, seen, err
	}
	read("", text)
	dir := filepath.Dir(file)
	root, err := os.OpenRoot(dir) // a link that leads out of it is not followed
	if err != nil {
		return nil, seen, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	set, err = risk.ParseWith(text, func(_, path string) ([]byte, error) {
		full := filepath.Join(dir, filepath.FromSlash(path))
		data, info, err := readBounded(path, root.Open, risk.ListBytesMax)
		seen = append(seen, seenAs(full, info))
		read(path, data)
		return data, err
	})
	return set, seen, err
}

// readBeside reads a list of a rule file by the path that the file names.
func readBeside(file, path string) (data []byte, err error) {
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	data, _, err = readBounded(path, root.Open, risk.ListBytesMax)
	return data, err
}

// seenAs is a file as it was read, or, where it could not be opened, as it is: it
// is tried again when it changes, not each time.
func seenAs(path string, read fs.FileInfo) seenFile {
	if read == nil {
		read, _ = os.Stat(path) // nil when it is not there
	}
	return seenFile{path, read}
}

// readBounded reads a file, at most one byte too many, with the state that was
// read; it is nil when the file cannot be opened.
func readBounded(path string, open func(string) (*os.File, error), limit int64) (data []byte, info fs.FileInfo, err error) {
	file, err := open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if info, err = file.Stat(); err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		return nil, info, errors.New("is a directory")
	}
	data, err = io.ReadAll(io.LimitReader(file, limit+1))
	return data, info, err
}

// hotRules is a rule file that is read again when it or one of its lists changes.
// Who uses it looks, at each assessment.
type hotRules struct {
	file   string
	logger *slog.Logger
	set    atomic.Pointer[risk.RuleSet] // nil until a good file was read

	mu   sync.Mutex
	seen []seenFile // read last, good or bad; nil before, and after the file was gone
	gone bool       // told that the file is not there

	versions ruleVersions
}

func (r *hotRules) of(string) *risk.RuleSet    { return r.current() }
func (r *hotRules) inUse(string) *risk.RuleSet { return r.set.Load() }

// current is the newest good rule set, nil when there never was one. Who finds
// another looking takes what is in use: nobody waits for a file.
func (r *hotRules) current() *risk.RuleSet {
	if !r.mu.TryLock() {
		return r.set.Load()
	}
	defer r.mu.Unlock()
	now, err := os.Stat(r.file)
	if err != nil {
		if !r.gone {
			r.logger.Error("the rule file cannot be read; the rules before stay in use", "file", r.file, "cause", err)
		}
		r.gone, r.seen = true, nil
		r.versions.refuse(err)
		return r.set.Load()
	}
	r.gone = false
	if r.unchanged(now) {
		return r.set.Load()
	}
	var read readVersion
	set, seen, err := readRulesAs(r.file, read.read)
	r.seen = seen
	if err != nil {
		r.versions.refuse(err)
		r.logger.Error("the changed rule file cannot be used; the rules before stay in use", "file", r.file, "cause", err)
		return r.set.Load()
	}
	r.versions.take(set, read)
	switch before := r.set.Swap(set); {
	case before == nil:
		r.logger.Info("the risk rules of a file are used", "file", r.file, "rules", set.String())
	case before.Version != set.Version:
		r.logger.Info("the risk rules were replaced", "file", r.file, "rules", set.String(), "before", before.String())
	}
	return set
}

// unchanged tells whether the file, as it is now, and its lists are as they were
// read.
func (r *hotRules) unchanged(now fs.FileInfo) bool {
	if len(r.seen) == 0 || r.seen[0].info == nil || !r.seen[0].is(now) {
		return false
	}
	return !slices.ContainsFunc(r.seen[1:], func(list seenFile) bool { return !list.same() })
}

// open reads the file for the first time.
func (r *hotRules) open() error {
	var read readVersion
	set, seen, err := readRulesAs(r.file, read.read)
	if err != nil {
		return err
	}
	r.seen = seen
	r.versions.take(set, read)
	r.set.Store(set)
	return nil
}
