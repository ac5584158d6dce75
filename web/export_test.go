package web

// AssetPath is where a file that pages load is served.
func AssetPath(name string) string { return assetPaths[name] }
