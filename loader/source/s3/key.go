package s3

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"case53/cases"
	"case53/loader/source"
)

// What a key says of its records' times.
//
//	flow logs      [p/]AWSLogs/[o-org/]ACCOUNT/vpcflowlogs/REGION/Y/M/D/[H/]…_vpcflowlogs_REGION_fl-ID_STAMPZ_HASH.log.gz
//	               [p/]AWSLogs/aws-account-id=A/aws-service=vpcflowlogs/aws-region=R/year=Y/month=M/day=D/[hour=H/]…
//	Resolver logs  [p/]AWSLogs/ACCOUNT/vpcdnsquerylogs/VPC/Y/M/D/VPC_vpcdnsquerylogs_ACCOUNT_STAMPZ_HASH.log.gz
//	Firehose       p/Y/M/D/H/STREAM-VERSION-Y-M-D-H-M-S-UUID[.gz]
//	exports        p/TASK/STREAM/000000.gz            nothing
//
// A flow log's stamp is the five minutes that its records' ends lie in; a Firehose folder is the hour of arrival; what
// a Resolver log's stamp means is not documented. What comes later than its place says is listed with Options.Late.
type key struct {
	aws                      bool // below an AWSLogs folder
	account, service, region string
	servicePath              string        // the folder of the service
	root                     string        // the folder that holds the years
	date                     date          // of the folder
	name                     string        // after the last slash
	home                     *source.Place // whose folder it is in, below AWSLogs
	kind                     *source.Place // whose name it has; nil: nobody's
	stamp                    time.Time
}

// firehose is how Firehose names what it delivers, whatever it is. The name and the folder say when the first record in it arrived.
// CloudWatch Logs tries for up to 24 hours to hand a record to it, and it may wait 15 minutes for more.
var firehose = &source.Place{Name: firehoseName, Stamp: "2006-01-02-15-04-05", Before: time.Hour, After: 24*time.Hour + 15*time.Minute}

// date is what the folders say: a year, month, day or hour. depth is how many of them; 0: nothing.
type date struct {
	from, to time.Time // half-open
	depth    int
	hive     bool
}

var (
	firehoseName = regexp.MustCompile(`-\d+-(\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(\.[\w.]+)?$`)
	account      = regexp.MustCompile(`^\d{6,}$`)
	organization = regexp.MustCompile(`^o-[0-9a-z]+$`)
)

// parse takes a key apart; one that ends in a slash is a folder.
func parse(s string, places []source.Place) key {
	var k key
	parts := strings.Split(s, "/")
	k.name = parts[len(parts)-1]
	folders := parts[:len(parts)-1]
	at := 0 // where dates may begin
	if i := slices.Index(folders, "AWSLogs"); i >= 0 {
		k.aws = true
		at = k.owner(folders, i+1, places)
	}
	k.dates(folders, at)
	k.stamped(places)
	return k
}

// owner reads the account, service and region that follow AWSLogs, and gives the index after them.
func (k *key) owner(folders []string, i int, places []source.Place) int {
	next := func(hive string) string {
		if i == len(folders) {
			return ""
		}
		v := strings.TrimPrefix(folders[i], hive+"=")
		i++
		return v
	}
	if i < len(folders) && organization.MatchString(folders[i]) {
		i++
	}
	start := i
	if k.account = next("aws-account-id"); !account.MatchString(k.account) {
		k.account = ""
		return start
	}
	k.service = next("aws-service")
	if k.service != "" {
		k.servicePath = strings.Join(folders[:i], "/") + "/"
	}
	if at := slices.IndexFunc(places, func(p source.Place) bool { return slices.Contains(p.Services, k.service) }); at >= 0 {
		k.home = &places[at]
	}
	if i < len(folders) && k.home != nil && k.home.Region {
		if _, ok := number(folders[i], "year", 4, 1970, 9999); !ok {
			k.region = next("aws-region")
		}
	}
	return i
}

// dates reads the first run of year, month, day and hour folders.
func (k *key) dates(folders []string, at int) {
	for i := at; i < len(folders); i++ {
		y, ok := number(folders[i], "year", 4, 1970, 9999)
		if !ok {
			continue
		}
		d := date{depth: 1, hive: strings.HasPrefix(folders[i], "year=")}
		d.from = time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)
		d.to = d.from.AddDate(1, 0, 0)
		for _, next := range folders[i+1:] {
			if !d.narrow(next) {
				break
			}
		}
		if d.depth == 1 && i+1 < len(folders) && !k.aws { // 2024/reports/: a number, no date
			continue
		}
		k.date = d
		k.root = strings.Join(folders[:i], "/")
		if i > 0 {
			k.root += "/"
		}
		return
	}
}

// narrow takes the next folder of a date.
func (d *date) narrow(folder string) bool {
	switch d.depth {
	case 1:
		if m, ok := number(folder, "month", 2, 1, 12); ok {
			d.from = d.from.AddDate(0, m-1, 0)
			d.to = d.from.AddDate(0, 1, 0)
			break
		}
		return false
	case 2:
		if n, ok := number(folder, "day", 2, 1, int(d.to.Sub(d.from)/(24*time.Hour))); ok {
			d.from = d.from.AddDate(0, 0, n-1)
			d.to = d.from.AddDate(0, 0, 1)
			break
		}
		return false
	case 3:
		if h, ok := number(folder, "hour", 2, 0, 23); ok {
			d.from = d.from.Add(time.Duration(h) * time.Hour)
			d.to = d.from.Add(time.Hour)
			break
		}
		return false
	default:
		return false
	}
	d.depth++
	return true
}

// number reads a folder named by so many digits, or hive=digits.
func number(folder, hive string, digits, low, high int) (int, bool) {
	folder = strings.TrimPrefix(folder, hive+"=")
	n, err := strconv.Atoi(folder)
	return n, err == nil && len(folder) == digits && n >= low && n <= high
}

// stamped reads the time in the name, where it is one that a service gives.
func (k *key) stamped(places []source.Place) {
	read := func(p *source.Place) bool {
		if p.Name == nil {
			return false
		}
		m := p.Name.FindStringSubmatch(k.name)
		if m == nil {
			return false
		}
		t, err := time.Parse(p.Stamp, m[1])
		if err == nil {
			k.kind, k.stamp = p, t
		}
		return err == nil
	}
	for i := range places {
		if read(&places[i]) {
			return
		}
	}
	read(firehose)
}

// span is a stretch of time with both ends in it; a zero end is open.
type span struct{ from, to time.Time }

func (s span) has(t time.Time) bool {
	return (s.from.IsZero() || !t.Before(s.from)) && (s.to.IsZero() || !t.After(s.to))
}

// meets says whether some of [from, to) is in the span.
func (s span) meets(from, to time.Time) bool {
	return (s.from.IsZero() || to.After(s.from)) && (s.to.IsZero() || !from.After(s.to))
}

func (s span) widen(before, after time.Duration) span {
	if !s.from.IsZero() {
		s.from = s.from.Add(-before)
	}
	if !s.to.IsZero() {
		s.to = s.to.Add(after)
	}
	return s
}

const day = 24 * time.Hour

// stamps is the span of stamps under which a log of this place may hold records of w.
func stamps(p *source.Place, w cases.Span) span {
	s := span{w.From, w.To}.widen(p.Before, p.After)
	if !s.from.IsZero() && p.Step > 0 {
		s.from = s.from.UTC().Truncate(p.Step)
	}
	return s
}

// days is the span of the day folders for such stamps. The folder of a log that is written about midnight may be that
// of either day.
func days(p *source.Place, w cases.Span) span {
	s := stamps(p, w)
	if !s.from.IsZero() {
		s.from = s.from.UTC().Truncate(day)
	}
	return s.widen(day, day)
}

// mayHold says whether an object with this key may hold records of w.
func (k *key) mayHold(w cases.Span) bool {
	if k.home != nil && k.date.depth > 0 && !days(k.home, w).meets(k.date.from, k.date.to) {
		return false
	}
	switch k.kind {
	case nil:
		return true
	case firehose:
		// The folder and the name give the hour of arrival. Where they differ one of them is not in UTC.
		s := stamps(firehose, w)
		return s.has(k.stamp) || k.date.depth == 4 && s.meets(k.date.from, k.date.to)
	}
	return stamps(k.kind, w).has(k.stamp)
}

// foreign are folders in AWSLogs/ACCOUNT/ of services whose logs are read here only where a place names them.
var foreign = []string{
	"CloudTrail", "CloudTrail-Digest", "CloudTrail-Insight", "Config", "GuardDuty", "KafkaBrokerLogs", "WAFLogs", "elasticloadbalancing",
}

// never says why an object with this key is no log that is read here; "" when it may be one. A service's folder that
// the prefix leads into was asked for by name.
func (k *key) never(full, prefix string, size int64) string {
	if full == prefix {
		return ""
	}
	switch {
	case size == 0 && (k.name == "" || strings.HasSuffix(k.name, "_$folder$")):
		return "a folder's own key, empty"
	case k.name == "aws-logs-write-test":
		return "aws-logs-write-test, written by an export to check its rights"
	case k.name == "ELBAccessLogTestFile":
		return "ELBAccessLogTestFile, written to check rights"
	case k.name == ".keep":
		return ".keep, which only keeps its folder"
	}
	return k.foreignTo(prefix)
}

func (k *key) foreignTo(prefix string) string {
	if k.home == nil && slices.Contains(foreign, k.service) && !strings.HasPrefix(prefix, k.servicePath) {
		return "logs of " + k.service
	}
	return ""
}
