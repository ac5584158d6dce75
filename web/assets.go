package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"time"
)

// assetFiles are what pages load: our style sheet, mark and script, and htmx as it is published.
// scripts/vendor-assets copies htmx from npm; a test holds the copies to its lockfile.
//
//go:embed assets
var assetFiles embed.FS

// assets are the files by the paths that they are served at. A path holds a print
// of the file, so that a browser keeps the file until it is another one.
var assets, assetPaths = loadAssets()

// An asset is a file that pages load.
type asset struct {
	name string
	data []byte
}

func loadAssets() (byPath map[string]asset, paths map[string]string) {
	byPath, paths = map[string]asset{}, map[string]string{}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(err) // the program is not whole
	}
	for _, e := range entries {
		data, err := assetFiles.ReadFile(path.Join("assets", e.Name()))
		if err != nil {
			panic(err) // likewise
		}
		sum := sha256.Sum256(data)
		at := path.Join("/assets", hex.EncodeToString(sum[:6]), e.Name())
		byPath[at], paths[e.Name()] = asset{e.Name(), data}, at
	}
	return byPath, paths
}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := assets[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(a.data))
}

// serveIcon answers browsers that ask for an icon by themselves, as they do of a page
// that names none: a rendered handoff, or an answer of the API.
func serveIcon(w http.ResponseWriter, r *http.Request) {
	a := assets[assetPaths["mark.svg"]]
	http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(a.data))
}
