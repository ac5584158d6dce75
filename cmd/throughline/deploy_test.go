package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

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
	for _, want := range []string{"CGO_ENABLED=0", "FROM scratch", "USER 65532:65532", "ca-certificates.crt", "\nFROM scratch"} {
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
