package slack_test

import (
	"slices"
	"strings"
	"testing"

	"throughline/connect/slack"
	twin "throughline/twin/slack"
)

// TestCheckNamesWhatIsMissing: with one scope taken away, that one is named and no
// other.
func TestCheckNamesWhatIsMissing(t *testing.T) {
	for _, scope := range []string{"", "channels:read", "channels:history", "groups:read", "groups:history", "channels:join", "users:read", "users:read.email", "chat:write", "im:write", "im:history"} {
		t.Run(scope, func(t *testing.T) {
			r := newRig(t)
			r.deal()
			r.cfg.Join = true
			r.twin.Withhold(scope)
			var missing []string
			all := r.client(t).Check(t.Context())
			for _, p := range all {
				if p.Err == nil {
					continue
				}
				if p.Name != "channel names" { // which then can't be listed either
					missing = append(missing, p.Name)
				}
				if !strings.Contains(p.Err.Error(), scope) || strings.Contains(p.Err.Error(), "planted") {
					t.Errorf("%s: %v", p.Name, p.Err)
				}
			}
			want := []string{scope}
			if scope == "" {
				want = nil
			}
			if !slices.Equal(missing, want) {
				t.Errorf("missing are %v of %d", missing, len(all))
			}
		})
	}
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		name    string
		set     func(*rig)
		missing string // the row
		says    string
		rows    int
	}{
		{name: "all is there", rows: 13},
		{name: "reading only", set: func(r *rig) {
			r.cfg.Uses = []slack.Use{slack.UseRead}
			r.cfg.PublicOnly = true
			r.twin.AddChannel(twin.Object{"id": channelID, "name": "deal-buyer"})
		}, rows: 6},
		{name: "sending only", set: func(r *rig) { r.cfg.Uses = []slack.Use{slack.UseSend} }, rows: 8},
		{name: "no token", set: func(r *rig) { r.twin.Token = "other" }, missing: "bot token", says: "nstall the app", rows: 1},
		{name: "wrong app token", set: func(r *rig) { r.twin.AppToken = "other" }, missing: "connections:write", says: "not valid", rows: 13},
		{name: "no way for clicks", set: func(r *rig) { r.cfg.AppToken, r.cfg.SigningSecret = "", "" }, missing: "Socket Mode", says: "app_token", rows: 12},
		{name: "no such channels", set: func(r *rig) {
			r.twin.AddChannel(twin.Object{"id": channelID, "name": "kunde-buyer"})
		}, missing: "channel names", says: "et patterns", rows: 13},
		{name: "no such channels, but a field", set: func(r *rig) {
			r.cfg.Field = "Slack__c"
			r.twin.AddChannel(twin.Object{"id": channelID, "name": "kunde-buyer"})
		}, rows: 13},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			r.deal()
			if tc.set != nil {
				tc.set(r)
			}
			all := r.client(t).Check(t.Context())
			if len(all) != tc.rows {
				t.Errorf("%d rows: %+v", len(all), all)
			}
			for _, p := range all {
				if (p.Err != nil) != (p.Name == tc.missing) || p.Err != nil && !strings.Contains(p.Err.Error(), tc.says) {
					t.Errorf("%s: %v", p.Name, p.Err)
				}
			}
			if n := r.twin.Calls(); n["auth.test"] != 1 || n["apps.connections.open"] > 1 || n["conversations.list"] > 1 || len(n) > 3 {
				t.Errorf("it took %v", n)
			}
		})
	}
}
