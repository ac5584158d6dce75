package claude

import (
	"context"
	"errors"
	"fmt"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/bedrock"
	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/anthropics/anthropic-sdk-go/vertex"
)

// A Provider is where the model runs.
type Provider struct {
	Name    string // anthropic, bedrock, vertex
	Key     string // anthropic: the API key
	BaseURL string // anthropic: another address than the vendor's, such as a gateway's
	Region  string // vertex
	Project string // vertex
}

// Providers are the names of the providers.
var Providers = []string{"anthropic", "bedrock", "vertex"}

// NewClient makes a client for a provider. Bedrock and Vertex find their
// credentials as their own tools do: in the environment and its files.
func NewClient(ctx context.Context, p Provider) (anthropic.Client, error) {
	switch p.Name {
	case "anthropic":
		if p.Key == "" {
			return anthropic.Client{}, errors.New("there is no API key: set ANTHROPIC_API_KEY, or ANTHROPIC_API_KEY_FILE to a file that holds it")
		}
		opts := []option.RequestOption{option.WithoutEnvironmentDefaults(), option.WithAPIKey(p.Key), option.WithMaxRetries(4)}
		if p.BaseURL != "" {
			opts = append(opts, option.WithBaseURL(p.BaseURL))
		}
		return anthropic.NewClient(opts...), nil
	case "bedrock":
		return anthropic.NewClient(option.WithoutEnvironmentDefaults(), bedrock.WithLoadDefaultConfig(ctx), option.WithMaxRetries(4)), nil
	case "vertex":
		if p.Region == "" || p.Project == "" {
			return anthropic.Client{}, errors.New("vertex needs a region and a project: set CLOUD_ML_REGION and ANTHROPIC_VERTEX_PROJECT_ID")
		}
		return anthropic.NewClient(option.WithoutEnvironmentDefaults(), vertex.WithGoogleAuth(ctx, p.Region, p.Project), option.WithMaxRetries(4)), nil
	}
	return anthropic.Client{}, fmt.Errorf("no provider is called %q: anthropic, bedrock or vertex", p.Name)
}
