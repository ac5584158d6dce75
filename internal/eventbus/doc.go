// Package eventbus is the client and server code of Salesforce's Pub/Sub API,
// generated from the vendor's protocol: pubsub_api.proto of the repository
// forcedotcom/pub-sub-api at commit 0ba470114fd8dac1e18a2c981efdafc87fcc69d1,
// whose licence is CC0 1.0. The protocol itself is not kept here; name a clone of
// the repository at that commit as PUB_SUB_API to make the code again.
package eventbus

//go:generate ../../scripts/eventbus
