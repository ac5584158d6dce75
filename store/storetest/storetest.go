// Package storetest gives tests real databases: an SQLite file, and a PostgreSQL
// server of their own, started once for a test binary.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"throughline/store"
)

// Each runs a test on a fresh database of each kind.
func Each(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, Open(t, SQLite(t))) })
	t.Run("postgres", func(t *testing.T) { test(t, Open(t, Postgres(t))) })
}

// Open opens a database until the test ends.
func Open(t testing.TB, name string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// SQLite names a database that is not there yet.
func SQLite(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "throughline.db") }

// Postgres names an empty database. The server is that of THROUGHLINE_TEST_POSTGRES,
// an address of a database in which others may be made; without it, one is
// started from the machine's programs. Where there are none, the test is skipped.
func Postgres(t testing.TB) string {
	t.Helper()
	at, err := server.address()
	if err != nil {
		t.Skipf("there is no PostgreSQL to test with (Debian: apt install postgresql): %v", err)
	}
	conn, err := pgx.Connect(t.Context(), at)
	if err != nil {
		t.Fatalf("reaching the test's PostgreSQL: %v", err)
	}
	defer conn.Close(context.Background())
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), server.next())
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("making a database: %v", err)
	}
	cfg := conn.Config()
	return fmt.Sprintf("postgres://%s:%s@%s:%d/%s?sslmode=disable", cfg.User, cfg.Password, cfg.Host, cfg.Port, name)
}

// Main runs a package's tests and stops the server that they started. Call it from
// TestMain: os.Exit(storetest.Main(m)).
func Main(m *testing.M) int {
	defer server.stop()
	return m.Run()
}

var server postgres

// A postgres is the test binary's own server.
type postgres struct {
	once sync.Once
	at   string
	err  error
	cmd  *exec.Cmd
	dir  string

	mu   sync.Mutex
	made int
}

func (p *postgres) next() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made++
	return p.made
}

func (p *postgres) address() (string, error) {
	p.once.Do(func() {
		if p.at = os.Getenv("THROUGHLINE_TEST_POSTGRES"); p.at == "" {
			p.at, p.err = p.start()
		}
	})
	return p.at, p.err
}

// start makes a cluster in a directory of its own and serves it on this machine
// alone.
func (p *postgres) start() (string, error) {
	initdb, err := program("initdb")
	if err != nil {
		return "", err
	}
	serve, err := program("postgres")
	if err != nil {
		return "", err
	}
	as, err := unprivileged()
	if err != nil {
		return "", err
	}
	if p.dir, err = os.MkdirTemp("", "throughline-postgres-"); err != nil {
		return "", err
	}
	if as != nil {
		if err := os.Chown(p.dir, int(as.Uid), int(as.Gid)); err != nil {
			return "", err
		}
	}
	data := filepath.Join(p.dir, "data")
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir = p.dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
		return cmd
	}
	if out, err := run(initdb, "-D", data, "-U", "throughline", "--auth=trust", "--no-sync", "--locale=C.UTF-8", "--encoding=UTF8").CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, last(out))
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	p.cmd = run(serve, "-D", data, "-k", p.dir, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
	if err := p.cmd.Start(); err != nil {
		return "", err
	}
	at := fmt.Sprintf("postgres://throughline:none@127.0.0.1:%d/postgres?sslmode=disable", port)
	return at, answering(at)
}

// answering waits until the server takes connections.
func answering(at string) error {
	var err error
	for range 300 {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		var conn *pgx.Conn
		if conn, err = pgx.Connect(ctx, at); err == nil {
			err = conn.Close(ctx)
		}
		cancel()
		if err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("it does not answer: %w", err)
}

func (p *postgres) stop() {
	if p.cmd != nil && p.cmd.Process != nil {
		// Its "immediate" shutdown; the data go with the directory.
		_ = p.cmd.Process.Signal(syscall.SIGQUIT)
		_ = p.cmd.Wait()
	}
	if p.dir != "" {
		_ = os.RemoveAll(p.dir)
	}
}

// program finds one of PostgreSQL's programs, which Debian keeps off the path.
func program(name string) (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		slices.SortFunc(found, func(a, b string) int { return release(a) - release(b) })
		return found[len(found)-1], nil
	}
	return exec.LookPath(name)
}

func release(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// unprivileged is whom PostgreSQL runs as, which refuses root; nil for whoever
// runs the tests.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is no other user")
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func last(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}
