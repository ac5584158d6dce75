package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

func packaged(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDockerfile holds it to what it must not lose: the Go of go.mod, no C, nobody's
// root, images by plain names.
func TestDockerfile(t *testing.T) {
	text := packaged(t, "Dockerfile")
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(packaged(t, "go.mod"))
	if version == nil || !strings.Contains(text, "FROM golang:"+version[1]+" AS build") {
		t.Errorf("the image is not built with the Go of go.mod, %v", version)
	}
	for _, want := range []string{"CGO_ENABLED=0", "FROM scratch", "USER 65532:65532", "ca-certificates.crt", "\nFROM scratch", "--chown=65532:65532 /out/var/lib/throughline", `CMD ["/usr/local/bin/throughline", "health"]`} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q", want)
		}
	}
	for _, from := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(text, -1) {
		if strings.Contains(from[1], "/") {
			t.Errorf("%s is no plain name of an image", from[1])
		}
	}
	ignored := strings.Split(packaged(t, ".dockerignore"), "\n")
	for _, want := range []string{".git", ".env", "*.pem", "throughline.yaml", "!cmd/throughline"} {
		if !slices.Contains(ignored, want) {
			t.Errorf(".dockerignore lacks %s", want)
		}
	}
}

// runs makes sure that the program has a command, which takes these arguments.
func runs(t *testing.T, args []string) {
	t.Helper()
	if r := throughlineRun(t, "", append(slices.Clone(args), "--help")...); len(args) == 0 || r.status != exitDone || !strings.Contains(r.stdout, args[0]) {
		t.Errorf("%q: %+v", args, r)
	}
}

// stopping is the longest that serve takes to end, see [jobs.Runner.Run] and the
// listeners: its supervisors must not kill it before.
const stopping = grace + time.Minute + 10*time.Second

// TestPlaces: the image and the unit set what the program finds its places by, which
// are those that they keep for it.
func TestPlaces(t *testing.T) {
	for name, c := range map[string]struct{ of, data, cache string }{
		"the image": {"Dockerfile", "/var/lib/throughline", "/var/lib/throughline/cache/throughline"},
		"the unit":  {"deploy/throughline.service", "/var/lib/throughline", "/var/cache/throughline/throughline"},
	} {
		text := packaged(t, c.of)
		t.Setenv("THROUGHLINE_CACHE", "")
		for _, key := range []string{"HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "THROUGHLINE_CONFIG"} {
			set := regexp.MustCompile(`(?m)^(?:ENV|Environment=).*?\b` + key + `=(\S+)`).FindStringSubmatch(text)
			if set == nil {
				t.Fatalf("%s does not set %s", name, key)
			}
			t.Setenv(key, set[1])
		}
		if file := os.Getenv("THROUGHLINE_CONFIG"); file != "/etc/throughline/throughline.yaml" {
			t.Errorf("%s has its configuration at %s", name, file)
		}
		if data, err := userDataDir(); err != nil || filepath.Join(data, "throughline") != c.data {
			t.Errorf("%s keeps its database below %s, %v", name, data, err)
		}
		if cache, err := cacheDir(); err != nil || cache != c.cache {
			t.Errorf("%s keeps its cache in %s, %v", name, cache, err)
		}
	}
	for of, wait := range map[string]string{"compose.yaml": `stop_grace_period: (\d+m) # jobs`, "deploy/throughline.service": `TimeoutStopSec=(\d+)`} {
		said := regexp.MustCompile(wait).FindStringSubmatch(packaged(t, of))
		if said == nil {
			t.Fatalf("%s says nothing of how it is ended", of)
		}
		if d, err := time.ParseDuration(strings.TrimSuffix(said[1], "m") + map[bool]string{true: "m", false: "s"}[strings.HasSuffix(said[1], "m")]); err != nil || d < stopping {
			t.Errorf("%s kills it after %s, %v", of, d, err)
		}
	}
}

// TestCompose reads the file as Compose would, as far as these keys go.
func TestCompose(t *testing.T) {
	var file struct {
		Name     string
		Services map[string]struct {
			Build       string
			Image       string
			Command     []string
			NetworkMode string `yaml:"network_mode"`
			EnvFile     string `yaml:"env_file"`
			Environment map[string]string
			Volumes     []string
			Tmpfs       []string
			ReadOnly    bool     `yaml:"read_only"`
			CapDrop     []string `yaml:"cap_drop"`
			SecurityOpt []string `yaml:"security_opt"`
			Restart     string
			StopGrace   string `yaml:"stop_grace_period"`
			Ports       []string
			DependsOn   map[string]map[string]string `yaml:"depends_on"`
			Healthcheck struct {
				Test              []string
				Interval, Timeout string
				Start             string `yaml:"start_period"`
				Retries           int
			}
		}
		Volumes map[string]any
	}
	d := yaml.NewDecoder(strings.NewReader(packaged(t, "compose.yaml")))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	ours := file.Services["throughline"]
	if !ours.ReadOnly || !slices.Contains(ours.CapDrop, "ALL") || ours.DependsOn["postgres"]["condition"] != "service_healthy" {
		t.Errorf("%+v", ours)
	}
	if ours.Environment["DATABASE_URL"] == "" || ours.NetworkMode != "host" || ours.EnvFile != ".env" {
		t.Errorf("the database, the network or the secrets: %+v", ours)
	}
	image := packaged(t, "Dockerfile")
	for _, v := range ours.Volumes { // are where the image looks
		if _, to, _ := strings.Cut(v, ":"); !strings.Contains(image, strings.TrimSuffix(to, ":ro")) {
			t.Errorf("the image knows no %s", to)
		}
	}
	runs(t, ours.Command)
	runs(t, ours.Healthcheck.Test[2:])
	for name, s := range file.Services {
		if strings.Contains(s.Image, "/") {
			t.Errorf("%s: %s is no plain name of an image", name, s.Image)
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s: %s is open to everybody", name, p)
			}
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, named := file.Volumes[from]; !named && !strings.HasPrefix(from, "./") {
				t.Errorf("%s: there is no volume %s", name, from)
			}
		}
	}
}

// TestUnit has systemd read the unit, where there is one.
func TestUnit(t *testing.T) {
	text := packaged(t, "deploy/throughline.service")
	for _, want := range []string{"NoNewPrivileges=yes", "ProtectSystem=strict", "User=throughline", "StateDirectory=throughline", "TimeoutStopSec=120"} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("it lacks %s", want)
		}
	}
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze to read it with")
	}
	// The program is not installed here.
	text = strings.Replace(text, "/usr/local/bin/throughline", "/bin/true", 1)
	file := filepath.Join(t.TempDir(), "throughline.service")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := exec.CommandContext(t.Context(), tool, "verify", "--man=no", file).CombinedOutput()
	about := slices.DeleteFunc(strings.Split(string(said), "\n"), func(line string) bool {
		return !strings.Contains(line, "throughline.service") // others' units on this machine
	})
	if err != nil || len(about) > 0 {
		t.Errorf("systemd-analyze: %v: %s", err, said)
	}
}
