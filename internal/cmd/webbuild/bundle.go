package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// pages are the documents served to frames, and the terms they link to. Each is web/NAME/NAME.html with
// NAME.ts and NAME.css beside it.
var pages = []string{"widget", "flow", "terms"}

// bundle returns the files of the widget's dist by name, made from the folder
// web: what shops load.
func bundle(web string) (files map[string][]byte, err error) {
	web, err = filepath.Abs(web)
	if err != nil {
		return nil, err
	}
	files = map[string][]byte{}
	if err := bundleSDK(web, files); err != nil {
		return nil, err
	}
	for _, page := range pages {
		if err := bundlePage(web, page, files); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// options are common to all bundles. What they produce depends on nothing but
// the contents of web: not on its place, the machine or Go's flags.
func options(web string) api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir:     web,
		Outdir:            filepath.Join(web, "dist"), // nothing is written there
		Bundle:            true,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		Metafile:          true,
		Loader:            map[string]api.Loader{".svg": api.LoaderDataURL},
		LogLevel:          api.LogLevelSilent,
	}
}

// bundleSDK makes the classic script that shops embed.
func bundleSDK(web string, files map[string][]byte) error {
	o := options(web)
	o.EntryPointsAdvanced = []api.EntryPoint{{InputPath: "sdk/index.ts", OutputPath: "api"}}
	o.Format = api.FormatIIFE
	_, err := build(o, files)
	return err
}

// bundlePage makes a page's module and style. What the module imports only when
// it needs it, like a language, becomes a file of its own.
func bundlePage(web, page string, files map[string][]byte) error {
	o := options(web)
	script, style := page+"/"+page+".ts", page+"/"+page+".css"
	o.EntryPoints = []string{script, style}
	o.EntryNames, o.ChunkNames = "assets/[name]-[hash]", "assets/[name]-[hash]"
	o.Format, o.Splitting = api.FormatESModule, true
	names, err := build(o, files)
	if err != nil {
		return err
	}
	html, err := os.ReadFile(filepath.Join(web, page, page+".html"))
	if err != nil {
		return err
	}
	text := string(html)
	for attribute, entry := range map[string]string{`src="` + page + `.ts"`: script, `href="` + page + `.css"`: style} {
		if strings.Count(text, attribute) != 1 {
			return fmt.Errorf("%s.html must have %s exactly once", page, attribute)
		}
		name, _, _ := strings.Cut(attribute, "=")
		text = strings.Replace(text, attribute, name+`="`+names[entry]+`"`, 1)
	}
	files[page+".html"] = []byte(text)
	return nil
}

// bundlePortal returns the script, the style and the icon of the portal. Their
// addresses are the server's to make, which writes its pages itself.
func bundlePortal(web string) (files map[string][]byte, err error) {
	web, err = filepath.Abs(web)
	if err != nil {
		return nil, err
	}
	files = map[string][]byte{}
	o := options(web)
	o.EntryPoints, o.EntryNames = []string{"portal/portal.ts", "portal/portal.css"}, "[name]"
	o.Format = api.FormatESModule
	if _, err := build(o, files); err != nil {
		return nil, err
	}
	files["icon.svg"], err = os.ReadFile(filepath.Join(web, "portal", "icon.svg"))
	return files, err
}

// build runs esbuild, adds what comes out to files and returns the name of each
// entry point's output.
func build(o api.BuildOptions, files map[string][]byte) (names map[string]string, err error) {
	result := api.Build(o)
	if len(result.Errors)+len(result.Warnings) > 0 {
		messages := append(api.FormatMessages(result.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage}),
			api.FormatMessages(result.Warnings, api.FormatMessagesOptions{Kind: api.WarningMessage})...)
		return nil, errors.New(strings.Join(messages, "\n"))
	}
	var meta struct {
		Outputs map[string]struct {
			EntryPoint string `json:"entryPoint"`
		} `json:"outputs"`
	}
	if err := json.Unmarshal([]byte(result.Metafile), &meta); err != nil {
		return nil, fmt.Errorf("esbuild's metafile: %w", err)
	}
	names = map[string]string{}
	for output, about := range meta.Outputs {
		names[about.EntryPoint] = strings.TrimPrefix(output, "dist/")
	}
	for _, file := range result.OutputFiles {
		name, err := filepath.Rel(o.Outdir, file.Path)
		if err != nil {
			return nil, err
		}
		files[filepath.ToSlash(name)] = file.Contents
	}
	return names, nil
}
