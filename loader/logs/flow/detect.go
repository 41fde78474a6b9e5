package flow

import (
	"errors"

	"case53/loader/logs/field"
)

// detectFlow scores a header 100, JSON objects of flow logs 95, lines that fit a preset 90 (80 when two do), and lines that look
// like a flow log's but have an unknown field list 20: too little to claim them, enough to ask for the list.
func detectFlow(sample [][]byte) int {
	const looked = 200
	if len(sample) > looked {
		sample = sample[:looked]
	}
	score := 0
	for i, rec := range sample[:min(len(sample), 10)] {
		rec = trimSpace(rec)
		if h, ok := parseHeader(rec); ok && len(h.names) > 1 && (h.known || len(h.names) >= 5) {
			score = 95
			if i == 0 {
				return 100
			}
		}
		if len(rec) > 0 && rec[0] == '{' && isFlowJSON(rec) {
			score = max(score, 95)
		}
	}
	groups, header := headerless(sample)
	if header || len(groups) == 0 || score > 0 {
		return score
	}
	_, err := inferFlow(groups)
	var two *ambiguousError
	switch {
	case err == nil:
		return 90
	case errors.As(err, &two):
		return 80
	}
	return resemblance(groups)
}

// resemblance is 20 when most lines look like a flow log's.
func resemblance(groups [][]flowLine) int {
	total, alike := 0, 0
	for _, lines := range groups {
		for _, l := range lines {
			total++
			if looksLikeFlow(l.tokens) {
				alike++
			}
		}
	}
	if 2*alike > total {
		return 20
	}
	return 0
}

// looksLikeFlow says whether a line has what no other line has together: an interface or a gateway beside an address or a quiet
// log-status; ACCEPT or REJECT, or a log-status, beside a time and addresses. A field of a flow log has no quotes and no brackets.
func looksLikeFlow(tokens [][]byte) bool {
	var addresses, times, things, actions, statuses, quiet int
	for _, t := range tokens {
		switch {
		case flowAddr.reads(t):
			addresses++
		case isTime(t):
			times++
		case classInterface.has(t), classAttachment.has(t), classGateway.has(t):
			things++
		case oneOf(t, "ACCEPT", "REJECT"):
			actions++
		case oneOf(t, "NODATA", "SKIPDATA"):
			quiet++
		case oneOf(t, "OK"):
			statuses++
		case !only(t, func(c byte) bool { return c > ' ' && c < 0x7f && c != '"' && c != '[' && c != '{' && c != '(' }):
			return false
		}
	}
	return things > 0 && (addresses > 0 || quiet > 0) ||
		times > 0 && (quiet > 0 || addresses > 1 && actions+statuses > 0)
}

// isTime says whether a value may be seconds or milliseconds of the years in which there are flow logs.
func isTime(value []byte) bool {
	if len(value) != len("1760000000") && len(value) != milliDigits || !field.AllDigits(value) {
		return false
	}
	micros, ok := parseFlowTime(value)
	return ok && micros >= firstSecond*1e6 && micros < 1<<52
}
