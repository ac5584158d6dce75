package slack

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"throughline/connect"
)

// Listen takes interactions by Socket Mode, which needs no address that Slack can
// reach, until the context ends. It connects again where the connection is lost,
// however long that takes; it errs where the app-level token is refused.
func (i *Interactions) Listen(ctx context.Context) error {
	c := i.client.cfg
	const op = "listen by Socket Mode"
	if c.AppToken == "" {
		return &connect.Error{
			Vendor: Vendor, Op: op, Message: "no app-level token is configured",
			Advice: "enable Socket Mode in the app's settings, make an app-level token with connections:write under Basic Information, and set it as app_token",
		}
	}
	// The library logs to no one: its messages hold what was sent.
	silent := log.New(io.Discard, "", 0)
	// A redirect must not take the token to another host.
	plain := http.Client{Timeout: time.Minute}
	if c.HTTP != nil {
		plain = *c.HTTP
	}
	plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	api := slackapi.New(c.Token, slackapi.OptionAppLevelToken(c.AppToken), slackapi.OptionAPIURL(strings.TrimRight(c.Base, "/")+"/"),
		slackapi.OptionHTTPClient(&plain), slackapi.OptionLog(silent))
	socket := socketmode.New(api, socketmode.OptionReadLimit(mostBody), socketmode.OptionLog(silent))

	ctx, cancel := context.WithCancel(ctx)
	var working sync.WaitGroup
	working.Go(func() { i.receive(ctx, socket, &working) })
	err := socket.RunContext(ctx)
	cancel()
	working.Wait()
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return ctx.Err()
	}
	return &connect.Error{
		Vendor: Vendor, Op: op, Code: codeIn(err), Message: "the app-level token is refused",
		Advice: "make an app-level token with connections:write under Basic Information in the app's settings, and set it as app_token",
	}
}

// codeIn is the vendor's code where that is all an error says.
func codeIn(err error) string {
	if err != nil && errorCode.MatchString(err.Error()) {
		return err.Error()
	}
	return ""
}

// receive takes what comes in, each on its own, and acknowledges what was taken.
func (i *Interactions) receive(ctx context.Context, socket *socketmode.Client, working *sync.WaitGroup) {
	for {
		var event socketmode.Event
		select {
		case <-ctx.Done():
			return
		case event = <-socket.Events:
		}
		switch event.Type {
		case socketmode.EventTypeConnectionError:
			i.log(ctx, "the connection to Slack failed and will be tried again")
		case socketmode.EventTypeInteractive:
			cb, ok := event.Data.(slackapi.InteractionCallback)
			if !ok || event.Request == nil {
				continue
			}
			working.Go(func() {
				if err := i.deliver(ctx, &cb); err == nil || errors.Is(err, errForeign) {
					i.acknowledge(ctx, socket, event.Request.EnvelopeID)
				}
			})
		case socketmode.EventTypeEventsAPI, socketmode.EventTypeSlashCommand:
			if event.Request != nil {
				i.acknowledge(ctx, socket, event.Request.EnvelopeID)
			}
		}
	}
}

func (i *Interactions) acknowledge(ctx context.Context, socket *socketmode.Client, envelope string) {
	if err := socket.AckCtx(ctx, envelope, nil); err != nil && ctx.Err() == nil {
		i.log(ctx, "an interaction could not be acknowledged")
	}
}
