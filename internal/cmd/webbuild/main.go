package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// source is the folder of the sources, from the repository's root.
const source = "web"

// targets are the folders of what is made from them, each with its maker.
var targets = map[string]func(web string) (files map[string][]byte, err error){
	"internal/widget/dist": bundle,
	"internal/portal/dist": bundlePortal,
}

func main() {
	for target, build := range targets {
		files, err := build(source)
		if err == nil {
			err = replace(target, files)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "webbuild:", err)
			os.Exit(1)
		}
		for name, content := range files {
			fmt.Printf("%8d %s/%s\n", len(content), target, name)
		}
	}
}

// replace makes the folder hold these files and no others.
func replace(folder string, files map[string][]byte) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// read returns the files of a folder by name.
func read(folder string) (files map[string][]byte, err error) {
	files = map[string][]byte{}
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	return files, err
}
