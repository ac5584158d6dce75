package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"throughline/connect"
)

// ErrNoWay says that the AE can't be written to: no address of theirs is known, or
// no way to people is configured.
var ErrNoWay = errors.New("no address of the AE is known, or no way to write to people is configured")

// SendLink sends the AE a review link that was asked for, to the address that is
// known and to no other: by mail where that is configured, else by the first way
// that is.
func (s *Service) SendLink(ctx context.Context, run Run, link string) error {
	way := WayMail
	if !slices.Contains(s.Rules.Ways, WayMail) && len(s.Rules.Ways) > 0 {
		way = s.Rules.Ways[0]
	}
	messenger, ok := s.Messengers[way]
	if !ok || run.AE.Email == "" {
		return ErrNoWay
	}
	digest := sha256.Sum256([]byte(link))
	_, err := messenger.Send(ctx, connect.Message{
		Key: run.ID + ".fresh." + hex.EncodeToString(digest[:8]), To: run.AE.Email,
		Subject: "A fresh link to the handoff of " + run.Deal.Customer,
		Paragraphs: []string{
			"A fresh link to your review was asked for. It opens in the browser in which it is pressed first.",
			"If you did not ask for it, there is nothing to do: nobody else was sent it.",
		},
		Actions: []connect.Action{{Label: "Review the draft", URL: link, Primary: true}},
	})
	if err != nil {
		return fmt.Errorf("sending a fresh review link for %s: %w", run.ID, err)
	}
	return nil
}
