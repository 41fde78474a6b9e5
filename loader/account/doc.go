// Package account is access to an AWS account: read-only, with everything secret kept out of what it says. It makes the sources
// of log groups and buckets, looks for what holds logs, estimates what reading would cost, and knows the least policy.
//
// Rules:
//   - No operation but those listed in readonly.go leaves the program; the SDK refuses every other before it is signed.
//   - Keys, tokens and signatures are in no error, no log and no provenance.
//   - The instance metadata service is asked only where that is said.
//
// The package refuses to go on with credentials that the service refuses, and without a region.
package account
