package main

import (
	"sync"
	"time"
)

// quiet is how long a command works before it says what it does.
const quiet = time.Second

// A progress says on standard error what a command is at, once the command has
// taken long enough for somebody to wonder.
type progress struct {
	mu    sync.Mutex
	env   env
	at    string
	loud  bool
	timer *time.Timer
}

func startProgress(e env) *progress {
	p := &progress{env: e}
	p.timer = time.AfterFunc(quiet, p.speak)
	return p
}

// enter names the step that begins.
func (p *progress) enter(step string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = step
	if p.loud {
		p.say()
	}
}

func (p *progress) speak() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loud = true
	if p.at != "" {
		p.say()
	}
}

func (p *progress) say() { p.env.say("%s …\n", printable(p.at)) }

// stop ends it: nothing is said any more.
func (p *progress) stop() {
	p.timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loud, p.at = false, ""
}
