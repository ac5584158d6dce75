package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/lifecycle"
	"throughline/store/storetest"
)

// Answers are kept once for each respondent, as they settle; whatever is clicked at the
// same time.
func TestAnswersSettle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db, ctx := storetest.Open(t, address), t.Context()
		at := time.Date(2026, 10, 13, 9, 0, 0, 0, time.UTC)
		answer := throughline.Answer{Survey: "run-1", Deal: "deal-1", Respondent: "r1", Score: 3, Comment: "slow\x00", At: at, AcceptedBeforeKickoff: true, Adopted: true}
		var together sync.WaitGroup
		errs := make(chan error, 10)
		for range 10 {
			together.Go(func() {
				_, err := db.Answer(ctx, answer)
				errs <- err
			})
		}
		together.Wait()
		for range 10 {
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
		}
		again := answer
		again.Score, again.Comment, again.At = 9, "", at.Add(time.Hour)
		kept, err := db.Answer(ctx, again)
		if err != nil || kept.Score != 9 || kept.Comment != "slow" || !kept.At.Equal(at) {
			t.Fatalf("within the day it is %+v, %v", kept, err)
		}
		again.Score, again.At = 0, at.Add(48*time.Hour)
		if kept, err = db.Answer(ctx, again); err != nil || kept.Score != 9 {
			t.Fatalf("after the day it is %+v, %v", kept, err)
		}
		answer.Respondent = "r2"
		if _, err := db.Answer(ctx, answer); err != nil {
			t.Fatal(err)
		}
		all, err := db.Answers(ctx)
		if err != nil || len(all) != 2 || !all[0].AcceptedBeforeKickoff || !all[0].Adopted {
			t.Fatalf("kept are %+v, %v", all, err)
		}
		for id, want := range map[string]bool{"r1": true, "r3": false} {
			if got, err := db.Answered(ctx, "run-1", id); err != nil || got != want {
				t.Errorf("%s answered: %v, %v", id, got, err)
			}
		}
		if n, err := db.ForgetRespondent(ctx, "r2"); err != nil || n != 1 {
			t.Errorf("forgotten of r2: %d, %v", n, err)
		}
		if err := db.ForgetAnswers(ctx, "run-1"); err != nil {
			t.Fatal(err)
		}
		all, err = db.AnswersTo(ctx, "run-1")
		for _, a := range all {
			if a.Comment != "" {
				t.Errorf("still there: %q", a.Comment)
			}
		}
		if err != nil || len(all) != 2 {
			t.Errorf("the numbers are gone: %+v, %v", all, err)
		}
	})
}

func TestStopsAndBaseline(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db, ctx := storetest.Open(t, address), t.Context()
		at := time.Date(2026, 10, 13, 9, 0, 0, 0, time.UTC)
		for range 2 {
			if err := db.Stop(ctx, "r1", at); err != nil {
				t.Fatal(err)
			}
		}
		for id, want := range map[string]bool{"r1": true, "r2": false} {
			if got, err := db.Stopped(ctx, id); err != nil || got != want {
				t.Errorf("%s stopped: %v, %v", id, got, err)
			}
		}
		var want []throughline.Answer
		for i := range 3 {
			want = append(want, throughline.Answer{Deal: fmt.Sprint("d", i), Score: 7 + i, Comment: "<b>", At: at.AddDate(0, 0, -i)})
		}
		for range 2 { // the same file twice counts once
			if err := db.SetBaseline(ctx, want); err != nil {
				t.Fatal(err)
			}
		}
		got, err := db.Baseline(ctx)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("the baseline (-want +got), %v:\n%s", err, diff)
		}
		if _, err := db.Check(ctx, "none"); !errors.Is(err, lifecycle.ErrNotFound) {
			t.Errorf("the check of no run: %v", err)
		}
		if _, ok, err := db.Survey(ctx, "none"); ok || err != nil {
			t.Errorf("the survey of no run: %v, %v", ok, err)
		}
	})
}
