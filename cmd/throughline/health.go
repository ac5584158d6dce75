package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"
)

func newHealth(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask the 'serve' of this machine whether it can work",
		Long: "Asks /readyz at the address of the team's pages, for whatever watches over the process, such as a container's health check.\n" +
			"The exit status is 0 where 'throughline serve' runs and its database answers, else 1.",
		Args: noArguments,
	}
	file := addConfigFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(*file)
		if err != nil {
			return err
		}
		if err := ready(cmd.Context(), c.listen()); err != nil {
			return err
		}
		return e.tell("ready\n")
	}
	return cmd
}

// ready errs where no process serves at an address, or it can't work.
func ready(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second) // longer than the database is waited for
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("asking %s: %w", address, err)
	}
	direct := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // by no proxy
	resp, err := direct.Do(req)
	if err != nil {
		return fmt.Errorf("nobody serves at %s: %w; start 'throughline serve'", address, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("'throughline serve' at %s can't work: its database does not answer; its log says more", address)
	}
	return nil
}

// health adds what those who watch over the process ask: whether it lives, and whether
// it can work.
func (w *wired) health(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(out http.ResponseWriter, _ *http.Request) { plainly(out, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(out http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		if err := w.db.SQL.PingContext(ctx); err != nil {
			plainly(out, http.StatusServiceUnavailable, "the database does not answer")
			return
		}
		plainly(out, http.StatusOK, "ready")
	})
}

// figures adds the process's figures.
func (w *wired) figures(mux *http.ServeMux) {
	figures := prometheus.NewRegistry()
	figures.MustRegister(figuresOf{w}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux.Handle("GET /metrics", promhttp.HandlerFor(figures, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
}

func plainly(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // who has gone needs none
}

// errNoFigures says no more than that: the database's own words may hold its address.
var errNoFigures = errors.New("the database does not answer")

// figuresOf are a process's figures, read when they are asked for. None names a deal
// or a person.
type figuresOf struct{ w *wired }

var (
	runsFigure  = prometheus.NewDesc("throughline_runs", "Runs by stage.", []string{"stage"}, nil)
	tasksFigure = prometheus.NewDesc("throughline_tasks", "Tasks by state; parked ones wait for a person.", []string{"state"}, nil)
	lagFigure   = prometheus.NewDesc("throughline_due_lag_seconds", "How long the task that is due longest has been due.", nil, nil)
	callsFigure = prometheus.NewDesc("throughline_vendor_calls_total", "Calls of this process to outside systems, by what they were for and how they ended.", []string{"vendor", "op", "outcome"}, nil)
)

// Describe tells which figures there are.
func (figuresOf) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{runsFigure, tasksFigure, lagFigure, callsFigure} {
		out <- d
	}
}

// Collect reads them.
func (f figuresOf) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	runs, tasks, err := f.w.db.Counts(ctx)
	next, err2 := f.w.db.Next(ctx)
	if err != nil || err2 != nil {
		out <- prometheus.NewInvalidMetric(tasksFigure, errNoFigures)
		return
	}
	for stage, n := range runs {
		out <- prometheus.MustNewConstMetric(runsFigure, prometheus.GaugeValue, float64(n), string(stage))
	}
	for state, n := range tasks {
		out <- prometheus.MustNewConstMetric(tasksFigure, prometheus.GaugeValue, float64(n), string(state))
	}
	lag := 0.0
	if now := f.w.service.Now(); !next.IsZero() && next.Before(now) {
		lag = now.Sub(next).Seconds()
	}
	out <- prometheus.MustNewConstMetric(lagFigure, prometheus.GaugeValue, lag)
	for _, conn := range f.w.connections.all {
		for end, n := range conn.budget.Endings() {
			out <- prometheus.MustNewConstMetric(callsFigure, prometheus.CounterValue, float64(n), conn.name, end.Op, end.Outcome)
		}
	}
}
