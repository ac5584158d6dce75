// Package storetest runs tests on every kind of database that package store knows:
// SQLite in a file, and a real PostgreSQL, which it starts from the programs that
// Debian's package postgresql installs.
package storetest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"throughline/store"
)

// Variable names the variable of the environment that holds the address of a
// PostgreSQL to test on instead, whose user may create databases.
const Variable = "THROUGHLINE_TEST_POSTGRES"

// Each runs a test on an empty database of each dialect, by its address.
func Each(t *testing.T, test func(t *testing.T, address string)) {
	t.Run(string(store.SQLite), func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "throughline.db")) })
	t.Run(string(store.PostgreSQL), func(t *testing.T) { test(t, PostgreSQL(t)) })
}

// Open opens a database for the length of the test.
func Open(t *testing.T, address string, options ...store.Option) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), address, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

var (
	server = sync.OnceValues(start)
	count  atomic.Int64
)

// PostgreSQL is the address of an empty PostgreSQL database, which goes when the
// test ends. The test is skipped where there is no PostgreSQL.
func PostgreSQL(t *testing.T) string {
	t.Helper()
	address := os.Getenv(Variable)
	if address == "" {
		var err error
		if address, err = server(); err != nil {
			t.Fatalf("starting a PostgreSQL to test on: %v", err)
		}
		if address == "" {
			t.Skipf("there is no PostgreSQL: `make setup` installs it on Debian; or set %s to the address of one", Variable)
		}
	}
	at, err := url.Parse(address)
	if err != nil {
		t.Fatalf("%s is not an address", Variable)
	}
	name := fmt.Sprintf("throughline_%d_%d", os.Getpid(), count.Add(1))
	command(t, address, "CREATE DATABASE "+name+" TEMPLATE template0")
	t.Cleanup(func() { command(t, address, "DROP DATABASE "+name+" WITH (FORCE)") })
	at.Path = "/" + name
	return at.String()
}

func command(t *testing.T, address, sql string) {
	t.Helper()
	ctx := context.Background() // the test's own has ended when it cleans up
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing hangs on it
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}

// script runs PostgreSQL until its standard input ends, which it does when the
// test's process ends, in whatever way. PostgreSQL is not to be run by root.
const script = `set -e
bin=$1 dir=$2
trap '' INT
"$bin/initdb" --pgdata="$dir/data" --username=throughline --auth=trust --encoding=UTF8 --no-locale --no-sync >"$dir/log" 2>&1
"$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200 >>"$dir/log" 2>&1 &
server=$!
read -r line || true
kill -QUIT "$server"
wait "$server" || true
rm -rf "$dir"
`

// start starts a PostgreSQL for this process; its address is empty where none is
// installed.
func start() (address string, err error) {
	bin := programs()
	if bin == "" {
		return "", nil
	}
	dir, err := os.MkdirTemp("", "throughline-pg-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "run.sh")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		return "", err
	}
	cmd := exec.Command("sh", file, bin, dir) //nolint:noctx // the server lives as long as the test binary
	if os.Getuid() == 0 {
		if cmd, err = asOther(dir, file, bin); err != nil {
			return "", err
		}
	}
	if _, err := cmd.StdinPipe(); err != nil { // never closed by us
		return "", err
	}
	ended := make(chan error, 1)
	if err := cmd.Start(); err != nil {
		return "", err
	}
	go func() { ended <- cmd.Wait() }()
	address = (&url.URL{Scheme: "postgres", User: url.User("throughline"), Path: "/postgres", RawQuery: url.Values{"host": {dir}}.Encode()}).String()
	return address, ready(address, filepath.Join(dir, "log"), ended)
}

// programs is the directory of PostgreSQL's newest programs.
func programs() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is well formed
	if len(found) > 0 {
		newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
		return filepath.Dir(newest)
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return ""
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return ""
	}
	return filepath.Dir(path)
}

func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb)))) // 0 for a name that is no number
	return n
}

// asOther is the command that runs the script as a user other than root.
func asOther(dir, file, bin string) (*exec.Cmd, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			return nil, err
		}
		if err := os.Chown(dir, uid, -1); err != nil {
			return nil, err
		}
		run := []string{"exec", "sh", quoted(file), quoted(bin), quoted(dir)}
		//nolint:noctx // the server lives as long as the test binary
		return exec.Command("su", name, "-s", "/bin/sh", "-c", strings.Join(run, " ")), nil
	}
	return nil, fmt.Errorf("root may not run it, and there is no user postgres or nobody")
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// ready waits until the server answers.
func ready(address, log string, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, address)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
			continue
		case err = <-ended:
		}
		said, _ := os.ReadFile(log) // says more, where it can be read
		return fmt.Errorf("%w\n%s", err, said)
	}
}
