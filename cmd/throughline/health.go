package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// health adds what those who watch over the process ask: whether it lives, whether
// it can work, and its figures.
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
