package compare

import (
	"time"

	"case53/cases"
)

// Comparison is two captures compared. Lists are cut to --most places; Totals are of all.
type Comparison struct {
	Left      Side                         `json:"left"`
	Right     Side                         `json:"right"`
	Baseline  *Side                        `json:"baseline"`
	Verdict   string                       `json:"verdict"`
	Totals    []Total                      `json:"totals"`
	Matches   []Peer                       `json:"matches"`
	OnlyLeft  []Peer                       `json:"only_left"`
	OnlyRight []Peer                       `json:"only_right"`
	Subjects  []Subjected                  `json:"subjects"`
	Negative  []Negative                   `json:"negative"`
	Coverage  map[string][]SideCovered     `json:"coverage"` // by left, right, baseline
	Blind     map[string][]cases.BlindSpot `json:"blind_spots"`

	calls, names cases.LogType   // the logs that show who was called, and which names were asked for
	logTypes     []cases.LogType // of the case
}

// Side is one capture of a comparison, and what it has.
type Side struct {
	Capture    string                `json:"capture"`
	Role       string                `json:"role"`
	Logs       map[string]cases.Span `json:"logs"` // first and last record, by log type
	Window     cases.Span            `json:"window"`
	Interfaces []string              `json:"interfaces"`
	VPCs       []string              `json:"vpcs"` // of the Resolver log
	Instances  []string              `json:"instances"`
	// Flow records by what they say, and which of them the flow logs keep as far as aws ec2 describe-flow-logs has said.
	Accepted     int64    `json:"accept_records"`
	Refused      int64    `json:"reject_records"`
	NoData       int64    `json:"nodata_records"`
	TrafficTypes []string `json:"traffic_types"`

	covered []SideCovered
	Label   string // "the replay"
}

// SideCovered is how much of a source's time is there, in minutes.
type SideCovered struct {
	LogType string     `json:"log_type"`
	Source  string     `json:"source"`
	Window  cases.Span `json:"window"`
	cases.Share
}

// Peer is a name, or an address without one, and what each side has of it. Found says where: match, only left, only right.
type Peer struct {
	Found            string  `json:"found_in"`
	Kind             string  `json:"kind"`            // out (called), asked (for its name only), in (it called), inside
	Apart            string  `json:"apart,omitempty"` // what it is set apart for
	Level            string  `json:"level,omitempty"` // the most specific of Levels
	Levels           string  `json:"levels,omitempty"`
	Score            float64 `json:"score"`
	Name             string  `json:"name,omitempty"`
	RegisteredDomain string  `json:"registered_domain,omitempty"`
	Names            int64   `json:"names"` // more than one: names under the registered domain, taken together
	Address          string  `json:"address,omitempty"`
	Addresses        int64   `json:"addresses"`
	Ports            string  `json:"ports,omitempty"` // of both sides; a protocol without ports stands by its name
	LeftPorts        string  `json:"left_ports,omitempty"`
	RightPorts       string  `json:"right_ports,omitempty"`
	LeftLike         string  `json:"left_like,omitempty"` // what the left figures are of, where the name is not the same
	LeftClients      int64   `json:"left_clients"`
	RightClients     int64   `json:"right_clients"`
	LeftFigures
	RightFigures
	ClockBy    string   `json:"clock_by,omitempty"` // calls or queries
	SameClock  *bool    `json:"same_clock"`         // null: too few to tell
	LeftPause  *float64 `json:"left_pause"`         // median, seconds
	RightPause *float64 `json:"right_pause"`
	SameSize   *bool    `json:"same_size"`
	LeftSize   *float64 `json:"left_size"`
	RightSize  *float64 `json:"right_size"`
	Of         int64    `json:"of_rows"`
}

// LeftFigures are the counts of the left side.
type LeftFigures struct {
	LeftConnections int64     `json:"left_connections"`
	LeftRefused     int64     `json:"left_refused"`
	LeftQueries     int64     `json:"left_queries"`
	LeftBytes       int64     `json:"left_bytes"`
	LeftFirst       time.Time `json:"left_first,omitzero"`
	LeftLast        time.Time `json:"left_last,omitzero"`
}

// RightFigures are the counts of the right side.
type RightFigures struct {
	RightConnections int64     `json:"right_connections"`
	RightRefused     int64     `json:"right_refused"`
	RightRecords     int64     `json:"right_records"`
	RightQueries     int64     `json:"right_queries"`
	RightBytes       int64     `json:"right_bytes"`
	RightFirst       time.Time `json:"right_first,omitzero"`
	RightLast        time.Time `json:"right_last,omitzero"`
}

// Total sums up a part of the places: match, only left, only right, or right (all that the right side has).
type Total struct {
	Found     string    `json:"found_in"`
	Kind      string    `json:"kind"` // out (called or asked for), in, inside
	Apart     string    `json:"apart,omitempty"`
	Places    int64     `json:"of_rows"`
	Names     int64     `json:"names"`      // that were asked for
	SameNames int64     `json:"same_names"` // that the other side has too
	Addresses int64     `json:"addresses"`
	Refused   int64     `json:"refused_addresses"`
	Shared    int64     `json:"shared_addresses"`    // that the other side has too
	FirstCall time.Time `json:"first_call,omitzero"` // of the right side; of the left, where only that has them
	LeftFigures
	RightFigures
}
