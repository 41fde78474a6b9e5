// Package cwfake is CloudWatch Logs for tests: a server that answers in the service's own wire format, written by the
// SDK's serialisers, and behaves as its documentation says, awkward parts included.
//
// It takes FilterLogEvents and DescribeLogGroups, and of STS GetCallerIdentity and AssumeRole. The end of a window is inclusive; a page
// holds 10,000 events or 1 MB, fewer, or none; tokens belong to one question and grow old; a signature must be of a known
// key and of the server's time. It refuses what the service would: unknown members, a group named twice or not at all.
package cwfake

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

// Event is an event of a group.
type Event struct {
	ID, Stream, Message  string
	Timestamp, Ingestion int64
	seq                  int64
}

// Group is a log group.
type Group struct {
	Name      string
	Created   time.Time // the zero time: when the clock began
	Retention int32
	Masked    bool // a data protection policy is active
	Denied    bool // nobody may read it
	events    []Event
	needsSort bool
}

// Server is the service of one account in one region.
type Server struct {
	Account, Region string
	Keys            map[string]bool // access key ids that it takes; nil: any
	ExternalID      string          // that a role wants
	Clock           func() time.Time
	PageEvents      int           // 10,000
	PageBytes       int           // 1 MB of messages
	EmptyEvery      int           // every n-th page is empty
	ThrottleEvery   int           // every n-th call is throttled
	TokenLife       time.Duration // 24 hours
	RepeatToken     int           // so many empty pages with the token that was sent, before each page that has events; -1: for ever
	// Fault may answer a call itself, or spoil the answer: see Fault's methods. n counts calls from 1.
	Fault func(n int, w http.ResponseWriter, r *http.Request, answer func() []byte) bool

	mu        sync.Mutex
	groups    map[string]*Group
	calls     int
	pages     int
	seq       int64
	throttled int
	repeats   map[string]int
	seen      map[string]int // calls by operation
}

// Add adds events to a group, which is made where it does not exist.
func (s *Server) Add(group string, events ...Event) *Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groups == nil {
		s.groups = map[string]*Group{}
	}
	g := s.groups[group]
	if g == nil {
		g = &Group{Name: group}
		s.groups[group] = g
	}
	for _, e := range events {
		s.seq++
		e.seq = s.seq
		if e.Ingestion == 0 {
			e.Ingestion = e.Timestamp + 1000
		}
		g.events = append(g.events, e)
	}
	g.needsSort = true
	return g
}

// Mend takes the fault away while the server runs.
func (s *Server) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Fault = nil
}

// Calls says how often an operation was called, refused calls included.
func (s *Server) Calls(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[operation]
}

// Throttled says how many calls were throttled.
func (s *Server) Throttled() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.throttled
}

// problem is a modelled error.
type problem struct {
	status        int
	code, message string
}

func (p *problem) Error() string { return p.code + ": " + p.message }

func bad(code, format string, args ...any) error {
	return &problem{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
}

// ServeHTTP answers a call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	s.calls++
	n := s.calls
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "Logs_20140328.")
	if s.seen == nil {
		s.seen = map[string]int{}
	}
	s.seen[operation]++
	fault := s.Fault
	s.mu.Unlock()
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	w.Header().Set("X-Amzn-Requestid", fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
	if operation == "" {
		s.sts(w, r, string(body))
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	answer := func() []byte {
		text, err := s.answer(operation, r, body)
		var p *problem
		if errors.As(err, &p) {
			w.WriteHeader(p.status)
			return []byte(fmt.Sprintf(`{"__type":%q,"message":%q}`, p.code, p.message))
		}
		if err != nil {
			panic(err)
		}
		return text
	}
	if fault != nil && operation == "FilterLogEvents" && fault(n, w, r, answer) {
		return
	}
	w.Write(answer())
}

func (s *Server) now() time.Time {
	if s.Clock != nil {
		return s.Clock()
	}
	return time.Now()
}

// answer is the body of an answer.
func (s *Server) answer(operation string, r *http.Request, body []byte) ([]byte, error) {
	if err := s.authenticate(r); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ThrottleEvery > 0 && s.seen[operation]%s.ThrottleEvery == 0 {
		s.throttled++
		return nil, bad("ThrottlingException", "Rate exceeded")
	}
	switch operation {
	case "FilterLogEvents":
		var in cloudwatchlogs.FilterLogEventsInput
		if err := decode(body, &in, schemas.FilterLogEventsRequest); err != nil {
			return nil, err
		}
		out, err := s.filter(&in)
		if err != nil {
			return nil, err
		}
		return encode(schemas.FilterLogEventsResponse, out)
	case "DescribeLogGroups":
		var in cloudwatchlogs.DescribeLogGroupsInput
		if err := decode(body, &in, schemas.DescribeLogGroupsRequest); err != nil {
			return nil, err
		}
		return encode(schemas.DescribeLogGroupsResponse, s.describe(&in))
	}
	return nil, bad("UnknownOperationException", "no operation %s here", operation)
}

// authenticate checks what the service would of a signature, short of the signature itself.
func (s *Server) authenticate(r *http.Request) error {
	auth := r.Header.Get("Authorization")
	_, rest, ok := strings.Cut(auth, "Credential=")
	key, scope, _ := strings.Cut(rest, "/")
	switch {
	case !ok || !strings.HasPrefix(auth, "AWS4-HMAC-SHA256"):
		return bad("MissingAuthenticationTokenException", "Missing Authentication Token")
	case s.Keys != nil && !s.Keys[key]:
		return bad("UnrecognizedClientException", "The security token included in the request is invalid.")
	case !strings.Contains(scope, "/"+s.Region+"/logs/aws4_request"):
		return bad("InvalidSignatureException", "Credential should be scoped to a valid region, not %s", scope)
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return bad("IncompleteSignatureException", "no date")
	}
	if d := s.now().Sub(at); d > 5*time.Minute {
		return bad("InvalidSignatureException", "Signature expired: %s is now earlier than %s", r.Header.Get("X-Amz-Date"),
			s.now().Add(-5*time.Minute).UTC().Format("20060102T150405Z"))
	} else if d < -5*time.Minute {
		return bad("InvalidSignatureException", "Signature not yet current: %s is still later than %s", r.Header.Get("X-Amz-Date"),
			s.now().Add(5*time.Minute).UTC().Format("20060102T150405Z"))
	}
	return nil
}

// decode reads an input; members that the service does not know are refused.
func decode(body []byte, in any, schema *smithy.Schema) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return bad("SerializationException", "%v", err)
	}
	for name := range members {
		if schema.Member(name) == nil || !unicode.IsLower(rune(name[0])) {
			return bad("SerializationException", "unknown member %s", name)
		}
	}
	if err := json.Unmarshal(body, in); err != nil {
		return bad("SerializationException", "%v", err)
	}
	return nil
}

// encode writes an output with the SDK's own serialiser.
func encode(schema *smithy.Schema, out smithy.Serializable) ([]byte, error) {
	req := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	req.URL.Scheme, req.URL.Host = "http", "fake"
	operation := smithy.NewOperationSchema(schemas.FilterLogEvents, schema, nil)
	if err := awsjson.New11(schemas.Logs_20140328).SerializeRequest(context.Background(), operation, out, req); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if _, err := io.Copy(&text, req.GetStream()); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// place is where a chain of pages has come to.
type place struct {
	Group          string
	From, To       int64
	Unmask         bool
	At, Ingest, No int64 // of the last event delivered
	Issued         int64
}

func (p place) token() string {
	text, _ := json.Marshal(p)
	return base64.RawURLEncoding.EncodeToString(text)
}

// filter is FilterLogEvents.
func (s *Server) filter(in *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	name := aws.ToString(in.LogGroupName)
	if arn := aws.ToString(in.LogGroupIdentifier); arn != "" {
		if name != "" {
			return nil, bad("InvalidParameterException", "logGroupName and logGroupIdentifier must not both be given")
		}
		name = arn[strings.LastIndex(arn, "log-group:")+len("log-group:"):]
	}
	g := s.groups[name]
	switch {
	case name == "":
		return nil, bad("InvalidParameterException", "a log group must be named")
	case g == nil:
		return nil, bad("ResourceNotFoundException", "The specified log group does not exist.")
	case g.Denied:
		return nil, bad("AccessDeniedException", "User: arn:aws:iam::%s:user/test is not authorized to perform: "+
			"logs:FilterLogEvents on resource: %s", s.Account, name)
	case in.LogStreamNames != nil && in.LogStreamNamePrefix != nil:
		return nil, bad("InvalidParameterException", "logStreamNames and logStreamNamePrefix must not both be given")
	case in.Limit != nil && (*in.Limit < 1 || *in.Limit > 10000):
		return nil, bad("InvalidParameterException", "limit must be between 1 and 10000")
	}
	if in.StartFromHead != nil && !*in.StartFromHead {
		return g.backwards(in)
	}
	p := place{Group: name, From: aws.ToInt64(in.StartTime), To: aws.ToInt64(in.EndTime), Unmask: in.Unmask, At: -1}
	if in.NextToken != nil {
		text, err := base64.RawURLEncoding.DecodeString(*in.NextToken)
		var was place
		if err != nil || json.Unmarshal(text, &was) != nil || was.Group != p.Group || was.From != p.From || was.To != p.To {
			return nil, bad("InvalidParameterException", "The specified nextToken is invalid.")
		}
		life := s.TokenLife
		if life == 0 {
			life = 24 * time.Hour
		}
		if s.now().UnixMilli()-was.Issued > life.Milliseconds() {
			return nil, bad("InvalidParameterException", "The specified nextToken has expired.")
		}
		p = was
	}
	return s.page(g, p, in), nil
}

// backwards is the first page of a chain from the end of a window; none follows it here.
func (g *Group) backwards(in *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	if aws.ToInt64(in.StartTime) < time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() || in.NextToken != nil {
		return nil, bad("InvalidParameterException", "startFromHead false needs a startTime of 2024-01-01 or later")
	}
	g.sort()
	out := &cloudwatchlogs.FilterLogEventsOutput{Events: []types.FilteredLogEvent{}}
	for _, e := range slices.Backward(g.events) {
		if e.Timestamp <= aws.ToInt64(in.EndTime) && e.Timestamp >= aws.ToInt64(in.StartTime) && len(out.Events) < int(aws.ToInt32(in.Limit)) {
			out.Events = append(out.Events, g.show(e, in.Unmask))
		}
	}
	return out, nil
}

// page is the next page of a chain.
func (s *Server) page(g *Group, p place, in *cloudwatchlogs.FilterLogEventsInput) *cloudwatchlogs.FilterLogEventsOutput {
	g.sort()
	out := &cloudwatchlogs.FilterLogEventsOutput{Events: []types.FilteredLogEvent{}, SearchedLogStreams: []types.SearchedLogStream{}}
	s.pages++
	if s.RepeatToken != 0 && in.NextToken != nil && (s.RepeatToken < 0 || s.repeat(*in.NextToken)) {
		out.NextToken = in.NextToken
		return out
	}
	i := sort.Search(len(g.events), func(i int) bool {
		return !before(g.events[i], Event{Timestamp: p.From}) && (p.At < 0 || before(Event{Timestamp: p.At, Ingestion: p.Ingest, seq: p.No}, g.events[i]))
	})
	most, size := 10_000, 1<<20
	if s.PageEvents > 0 {
		most = s.PageEvents
	}
	if s.PageBytes > 0 {
		size = s.PageBytes
	}
	if in.Limit != nil {
		most = min(most, int(*in.Limit))
	}
	empty := s.EmptyEvery > 0 && s.pages%s.EmptyEvery == 0
	for ; !empty && i < len(g.events) && g.events[i].Timestamp <= p.To; i++ {
		e := g.events[i]
		if len(out.Events) > 0 && (len(out.Events) == most || size < len(e.Message)) {
			break
		}
		size -= len(e.Message)
		out.Events = append(out.Events, g.show(e, p.Unmask))
		p.At, p.Ingest, p.No = e.Timestamp, e.Ingestion, e.seq
	}
	if empty || i < len(g.events) && g.events[i].Timestamp <= p.To {
		p.Issued = s.now().UnixMilli()
		out.NextToken = aws.String(p.token())
	}
	return out
}

// repeat says whether to answer with the token that was sent, once more.
func (s *Server) repeat(token string) bool {
	if s.repeats == nil {
		s.repeats = map[string]int{}
	}
	s.repeats[token]++
	return s.repeats[token] <= s.RepeatToken
}

// show is an event as the service gives it. An event without an id comes without that member.
func (g *Group) show(e Event, unmask bool) types.FilteredLogEvent {
	out := types.FilteredLogEvent{Timestamp: aws.Int64(e.Timestamp), IngestionTime: aws.Int64(e.Ingestion), Message: aws.String(e.Message)}
	if e.ID != "" {
		out.EventId = aws.String(e.ID)
	}
	if e.Stream != "" {
		out.LogStreamName = aws.String(e.Stream)
	}
	if g.Masked && !unmask {
		out.Message = aws.String(strings.Repeat("*", min(12, len(e.Message))) + e.Message[min(12, len(e.Message)):])
	}
	return out
}

func before(a, b Event) bool {
	if a.Timestamp != b.Timestamp {
		return a.Timestamp < b.Timestamp
	}
	if a.Ingestion != b.Ingestion {
		return a.Ingestion < b.Ingestion
	}
	return a.seq < b.seq
}

func (g *Group) sort() {
	if g.needsSort {
		slices.SortFunc(g.events, func(a, b Event) int {
			if before(a, b) {
				return -1
			}
			return 1
		})
		g.needsSort = false
	}
}

// describe is DescribeLogGroups.
func (s *Server) describe(in *cloudwatchlogs.DescribeLogGroupsInput) *cloudwatchlogs.DescribeLogGroupsOutput {
	out := &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []types.LogGroup{}}
	var names []string
	for name := range s.groups {
		if strings.HasPrefix(name, aws.ToString(in.LogGroupNamePrefix)) && name > aws.ToString(in.NextToken) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) > 50 {
		names = names[:50]
		out.NextToken = aws.String(names[49])
	}
	for _, name := range names {
		g := s.groups[name]
		arn := fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s", s.Region, s.Account, name)
		size := int64(0)
		for _, e := range g.events {
			size += int64(len(e.Message)) + 26
		}
		one := types.LogGroup{
			LogGroupName:  aws.String(name),
			Arn:           aws.String(arn + ":*"),
			LogGroupArn:   aws.String(arn),
			LogGroupClass: types.LogGroupClassStandard,
			StoredBytes:   aws.Int64(size),
			CreationTime:  aws.Int64(1),
		}
		if !g.Created.IsZero() {
			one.CreationTime = aws.Int64(g.Created.UnixMilli())
		}
		if g.Retention > 0 {
			one.RetentionInDays = aws.Int32(g.Retention)
		}
		if g.Masked {
			one.DataProtectionStatus = types.DataProtectionStatusActivated
		}
		out.LogGroups = append(out.LogGroups, one)
	}
	return out
}

// RoleKey is the access key id of whoever has assumed a role.
const RoleKey, RoleSecret, RoleToken = "ASIAROLEOFTHEFAKE", "secret-of-the-role-of-the-fake", "token-of-the-role-of-the-fake"

// sts answers GetCallerIdentity and AssumeRole.
func (s *Server) sts(w http.ResponseWriter, r *http.Request, body string) {
	const space = `xmlns="https://sts.amazonaws.com/doc/2011-06-15/"`
	w.Header().Set("Content-Type", "text/xml")
	form, _ := url.ParseQuery(body)
	_, key, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, _ = strings.Cut(key, "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	refuse := func(code, message string) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<ErrorResponse %s><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", space, code, message)
	}
	switch action := form.Get("Action"); {
	case s.Keys != nil && !s.Keys[key]:
		refuse("InvalidClientTokenId", "The security token included in the request is invalid.")
	case action == "GetCallerIdentity":
		who := "arn:aws:iam::" + s.Account + ":user/test"
		if key == RoleKey {
			who = "arn:aws:sts::" + s.Account + ":assumed-role/reader/case53"
		}
		fmt.Fprintf(w, `<GetCallerIdentityResponse %s>`+
			`<GetCallerIdentityResult><Arn>%s</Arn><UserId>AIDATEST</UserId><Account>%s</Account></GetCallerIdentityResult>`+
			`<ResponseMetadata><RequestId>00000000-0000-4000-8000-00000000c0de</RequestId></ResponseMetadata>`+
			`</GetCallerIdentityResponse>`, space, who, s.Account)
	case action == "AssumeRole" && form.Get("ExternalId") != s.ExternalID:
		refuse("AccessDenied", "not authorized to perform: sts:AssumeRole")
	case action == "AssumeRole":
		if s.Keys != nil {
			s.Keys[RoleKey] = true
		}
		fmt.Fprintf(w, `<AssumeRoleResponse %s><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId>`+
			`<SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s</Expiration>`+
			`</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
			space, RoleKey, RoleSecret, RoleToken, s.now().Add(time.Hour).UTC().Format(time.RFC3339))
	default:
		refuse("InvalidAction", "no such action here")
	}
}
