package claude

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
)

// How long a batch is waited for. Most end within an hour; what has not ended
// two hours after it was due is asked live.
const (
	batchPoll = time.Minute
	batchDue  = time.Hour
	batchLate = 2 * time.Hour
)

// batch asks what is missing by a message batch. It fills in the answers and
// gives back what is still missing: what failed, expired, or was not ready in
// time, to be asked live.
func (s *session) batch(ctx context.Context, qs []Request, missing []int, answers []Answer) ([]int, error) {
	id, err := s.submit(ctx, qs, missing)
	if err != nil {
		return nil, err
	}
	ended, err := s.await(ctx, id)
	if err != nil {
		return nil, err
	}
	if !ended {
		s.say("The batch has not ended in time; asking live")
		if _, err := s.Client.Messages.Batches.Cancel(ctx, id, anthropic.MessageBatchCancelParams{}); err != nil {
			s.say("Batch %s could not be cancelled: %v", id, err)
		}
		// What ended before the cancelling is paid for, and is taken.
		if _, err := s.await(ctx, id); err != nil {
			return nil, err
		}
	}
	stream := s.Client.Messages.Batches.ResultsStreaming(ctx, id, anthropic.MessageBatchResultsParams{})
	defer func() { _ = stream.Close() }() // nothing is written to it
	for stream.Next() {
		res := stream.Current()
		i, err := strconv.Atoi(res.CustomID)
		if err != nil || !slices.Contains(missing, i) || res.Result.Type != "succeeded" {
			continue
		}
		a, err := ReadAnswer([]byte(res.Result.Message.RawJSON()))
		if err != nil {
			continue
		}
		a.Usage.Batch = true
		answers[i] = a
		missing = slices.DeleteFunc(slices.Clone(missing), func(n int) bool { return n == i })
		if err := s.keep(qs[i], a); err != nil {
			return nil, err
		}
	}
	if err := stream.Err(); err != nil {
		if !ended {
			return missing, nil // a batch that was given up need not have results
		}
		return nil, fmt.Errorf("reading the results of batch %s: %w", id, err)
	}
	return missing, nil
}

// submit sends the batch, or finds the one that an interrupted run has sent.
func (s *session) submit(ctx context.Context, qs []Request, missing []int) (string, error) {
	key := batchKey(qs)
	var params anthropic.MessageBatchNewParams
	for _, i := range missing {
		body, err := json.Marshal(qs[i].Params)
		if err != nil {
			return "", fmt.Errorf("writing request %s: %w", qs[i].ID, err)
		}
		var p anthropic.MessageBatchNewParamsRequestParams
		if err := p.UnmarshalJSON(body); err != nil {
			return "", fmt.Errorf("writing request %s for a batch: %w", qs[i].ID, err)
		}
		params.Requests = append(params.Requests, anthropic.MessageBatchNewParamsRequest{CustomID: strconv.Itoa(i), Params: p})
	}
	id, err := s.Journal.Get(key)
	if err != nil {
		return "", fmt.Errorf("looking for a batch that was sent: %w", err)
	}
	if len(id) > 0 {
		return string(id), nil
	}
	b, err := s.Client.Messages.Batches.New(ctx, params)
	if err != nil {
		return "", fmt.Errorf("sending a batch: %w", err)
	}
	if err := s.Journal.Put(key, []byte(b.ID)); err != nil {
		return "", fmt.Errorf("noting batch %s: %w", b.ID, err)
	}
	return b.ID, nil
}

// batchKey names the batch of a group of requests. It is by all of them, not by
// those that are missing, so that a run which was interrupted while it kept the
// results finds the rest of them where the first were.
func batchKey(qs []Request) string {
	h := sha256.New()
	for _, q := range qs {
		_, _ = io.WriteString(h, q.key()) // a hash takes everything
	}
	return "batch-" + hex.EncodeToString(h.Sum(nil))
}

// await waits for a batch to end; false when it is too late for that.
func (s *session) await(ctx context.Context, id string) (bool, error) {
	begun := s.Now()
	for {
		b, err := s.Client.Messages.Batches.Get(ctx, id, anthropic.MessageBatchGetParams{})
		if err != nil {
			return false, fmt.Errorf("looking at batch %s: %w", id, err)
		}
		if b.ProcessingStatus == anthropic.MessageBatchProcessingStatusEnded {
			return true, nil
		}
		if !b.CreatedAt.IsZero() && b.CreatedAt.Before(begun) {
			begun = b.CreatedAt
		}
		if b.ProcessingStatus != anthropic.MessageBatchProcessingStatusCanceling && s.Now().Sub(begun) >= batchDue+batchLate {
			return false, nil
		}
		if s.Now().Sub(begun) >= batchDue+batchLate+10*time.Minute {
			return false, nil
		}
		if err := s.Sleep(ctx, batchPoll); err != nil {
			return false, err
		}
	}
}
