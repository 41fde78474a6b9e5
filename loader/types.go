package loader

import (
	"strings"

	"case53/cases"
	"case53/loader/logs"
	"case53/loader/logs/across"
	"case53/loader/logs/alb"
	"case53/loader/logs/apigw"
	"case53/loader/logs/change"
	"case53/loader/logs/cloudfront"
	"case53/loader/logs/finding"
	"case53/loader/logs/flow"
	"case53/loader/logs/host"
	"case53/loader/logs/httpd"
	"case53/loader/logs/request"
	"case53/loader/logs/resolver"
	"case53/loader/logs/s3access"
	"case53/loader/logs/tls"
	"case53/loader/logs/waf"
	"case53/loader/logs/zone"
	"case53/loader/source"
)

// Types lists the log types, in the order of detection.
func Types() []*logs.Type {
	return []*logs.Type{
		flow.Type, resolver.Type, zone.Type, alb.Type, httpd.Type, cloudfront.Type, s3access.Type, apigw.Type, change.Type, host.Type,
		waf.Type, tls.Type, finding.Type,
	}
}

// ByName finds a type; nil when there is none.
func ByName(name string) *logs.Type {
	for _, t := range Types() {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// TypeNames lists their names for a sentence: a, b or c.
func TypeNames() string {
	var names []string
	for _, t := range Types() {
		names = append(names, t.Name)
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// Schemas are what a case stores of every log type, and what is built across them. The view on requests is put together from what the types declare.
func Schemas() []cases.Schema {
	var out []cases.Schema
	for _, t := range Types() {
		out = append(out, t.Schema)
	}
	out = append(out, request.View(out))
	return append(out, across.Schemas...)
}

// Places are where services put logs of any type in a bucket.
func Places() []source.Place {
	var out []source.Place
	for _, t := range Types() {
		out = append(out, t.Places...)
	}
	return out
}
