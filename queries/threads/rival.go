package threads

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases/words"
	"case53/queries/findings"
)

// Rival is what else a step may be, and what the logs say to that. With neither, they do not tell.
type Rival struct {
	Text    string   `json:"text"`
	Against []string `json:"against"`
	For     []string `json:"for"`
	// Said is what else looks like it by the word of the hunt whose finding is the step's strongest.
	Said string `json:"said,omitempty"`
}

// rivalNames are what else an act of each phase may be.
var rivalNames = map[string][]string{
	"exploit": {"a scanner, or a test of one's own"},
	"recon":   {"a resolver that mixes many clients"},
	"knock":   {"the noise of the internet"},
	"entry":   {"staff or a supplier"},
	"home":    {"an update, an agent or monitoring"},
	"probe":   {"an inventory, monitoring or a deployment"},
	"spread":  {"an administrator or a deployment"},
	"hide":    {"another resolver by intention"},
	"tunnel":  {"content delivery, a virus scanner or a block list"},
	"abuse":   {"a pool's website that somebody looked at"},
	"leave":   {backup, call},
	"silence": {"the instance was stopped, or nothing was delivered"},
	"replay":  {"an agent of this image"},
}

const (
	backup = "a backup or log shipping"
	call   = "a call or a video"
)

// Where a check turns from speaking against a rival to speaking for it.
const (
	fewHosts     = 0.05 // of ours that use a place: an update or an agent is used by more
	settled      = 6 * time.Hour
	answersBack  = 0.2 // of what was sent came back: a conversation
	mostOddTypes = 0.5
)

// argue gives a rival what speaks against it or for it, by whether the former holds.
func (r *Rival) argue(against bool, text string) {
	if against {
		r.Against = append(r.Against, text)
	} else {
		r.For = append(r.For, text)
	}
}

// rivals are what else a step of a thread may be.
func (s *survey) rivals(step *Step, thread []*fact) ([]Rival, error) {
	var all []Rival
	for _, name := range rivalNames[step.Phase] {
		r := Rival{Text: name, Against: []string{}, For: []string{}}
		var err error
		switch {
		case s.narrowed: // what speaks for a rival or against it rests on how many there are, or on what is not there
		case slices.Contains([]string{"home", "hide", "tunnel", "leave"}, step.Phase):
			s.outward(&r, step)
		case step.Phase == "silence":
			err = s.silenced(&r, step.facts[0])
		case step.Phase == "replay":
			s.replayed(&r, step)
		default:
			s.inward(&r, step, thread)
		}
		if err != nil {
			return nil, err
		}
		if strongest := step.strongest(func(evidence) bool { return true }); strongest != nil {
			r.Said = strongest.doubts
		}
		all = append(all, r)
	}
	return all, nil
}

// outward checks what a host of ours does to an outside place.
func (s *survey) outward(r *Rival, step *Step) {
	f := step.facts[0]
	if most, all := s.users(f.place); most > 0 && all >= hubHosts && len(step.places()) == 1 {
		r.argue(float64(most) <= max(1, fewHosts*float64(all)), fmt.Sprintf("%s of %s here %s it", words.Count(most),
			words.Plural(all, "host", "hosts"), map[bool]string{true: "uses", false: "use"}[most == 1]))
	}
	first, known := s.used[f.place][f.capture]
	if begins, ok := s.begins[f.capture]; ok && known && len(step.places()) == 1 {
		r.argue(first.first.Sub(begins) > settled, fmt.Sprintf("first used %s after the logs begin", duration(first.first.Sub(begins))))
	}
	for _, text := range step.Against {
		r.argue(false, text)
	}
	sent, _ := step.number("bytes_to_peer")
	back, measured := step.number("bytes_from_peer")
	unnamed := slices.ContainsFunc(step.facts, func(f *fact) bool { return f.tells(func(e evidence) bool { return e.kind == "noname" }) })
	if r.Text == call && measured && sent > 0 {
		r.argue(back < answersBack*sent, fmt.Sprintf("%s came back for %s", size(back), size(sent)))
	}
	if r.Text == backup && unnamed {
		r.argue(true, "no name led there")
	}
	if n, ok := step.number("resolver_queries"); ok && step.Phase == "hide" {
		r.argue(n > 0, fmt.Sprintf("the host asks the logged resolver too, %s", words.Times(int64(n))))
	}
	if share, ok := step.number("odd_types"); ok {
		r.argue(share > mostOddTypes, fmt.Sprintf("%.0f%% of the queries are of types that carry data", 100*share))
	}
	if share, ok := step.number("unique_share"); ok && step.Phase == "tunnel" {
		r.argue(share > 0.9, fmt.Sprintf("%.0f%% of the names were asked for once", 100*share))
	}
}

// answered says whether a host of ours answered a request of a step with success, as far as its findings say. Each hunt says it in a
// column of its own: how many were answered; the path that was, of those guessed; the pages that followed another answer of a form,
// which by itself is no success; and one that was let in after a refusal was.
func (s *Step) answered() (answered, known bool) {
	for _, f := range s.facts {
		for _, e := range f.evidence {
			yes, says := e.answered()
			answered, known = answered || yes, known || says
		}
	}
	return answered, known
}

func (e evidence) answered() (answered, known bool) {
	has := func(column string) bool { return e.Value(column) != nil }
	switch {
	case has("listed"): // that none of the list was given says nothing of the other paths, but where all were refused
		return e.Text("answered_path") != "", e.Text("answered_path") != "" || e.Number("not_there") == e.Number("requests")
	case has("usual_status"):
		return e.Number("pages_after") > 0, e.Number("pages_after") > 0 || !has("let_in_at")
	}
	return has("let_in_at") || e.Number("answered") > 0, has("let_in_at") || has("answered")
}

// inward checks what comes to a host of ours, from outside or from another.
func (s *survey) inward(r *Rival, step *Step, thread []*fact) {
	before := func(holds func(*fact) bool) bool {
		return slices.ContainsFunc(thread, func(y *fact) bool { return !y.from.After(step.Time) && holds(y) })
	}
	places, own := step.places(), step.own()
	switch step.Phase {
	case "exploit":
		if answered, known := step.answered(); known {
			r.argue(answered, map[bool]string{true: "a host of ours answered with success", false: "nothing was answered with success"}[answered])
		}
		if slices.ContainsFunc(thread, func(y *fact) bool {
			return y.tells(func(e evidence) bool { return e.severity >= medium && slices.Contains(places, e.Text("request_from")) })
		}) {
			r.argue(true, "the host asked for something new right after it")
		}
	case "recon":
		knocked := slices.ContainsFunc(thread, func(y *fact) bool { return y.looker != "" && slices.Contains(places, y.looker) })
		r.argue(knocked, map[bool]string{true: "a caller out of the same client subnet knocked afterwards",
			false: "nobody of that client subnet is seen to knock"}[knocked])
	case "knock":
		looked := slices.ContainsFunc(step.facts, func(y *fact) bool { return y.looker != "" })
		r.argue(looked, map[bool]string{true: "a client of its subnet had looked the name up first", false: "no look-up before it"}[looked])
	case "entry":
		knocked := before(func(y *fact) bool {
			return (y.phase == "knock" || y.phase == "guess") && slices.Contains(places, y.place)
		})
		r.argue(knocked, map[bool]string{true: "the same address had tried ports or guessed before", false: "no scan and no guess by it"}[knocked])
	case "spread", "probe":
		if step.Phase == "spread" {
			r.argue(true, "the pair had not talked before in these logs")
		}
		if before(func(y *fact) bool { return y.phase == "entry" && slices.Contains(own, y.host) }) {
			r.argue(true, "the host had been reached from outside before")
		}
		for _, y := range thread {
			if y.phase == "spread" && slices.Contains(own, y.target) && y.from.Before(step.Time) {
				r.argue(true, "the host had been reached from "+y.host+" before")
				break
			}
		}
	}
}

// silenced asks whether a host without traffic went on asking for names.
func (s *survey) silenced(r *Rival, f *fact) error {
	log := s.queryLog()
	n := int64(0)
	sql := fmt.Sprintf(`SELECT count(*) FROM %s WHERE %s_n = ip($host) AND capture = $capture
		AND %s >= $from::TIMESTAMP AND %[3]s < $to::TIMESTAMP`, log.View, log.Asker, log.Time)
	err := s.rows(sql, map[string]any{"host": f.host, "capture": f.capture, "from": f.from, "to": f.to}, func(v []any) { n = findings.Integer(v[0]) })
	if n > 0 {
		r.argue(true, fmt.Sprintf("%s of the host in that time in the %s", words.Plural(n, "query", "queries"), log.One))
	}
	return err
}

// replayed checks whether what a replay calls is an agent of the image.
func (s *survey) replayed(r *Rival, step *Step) {
	if most, all := s.usersIn(step.facts); most > 0 && all >= hubHosts {
		r.argue(most <= 1, fmt.Sprintf("%s of %s of the incident called it", words.Count(most), words.Plural(all, "host", "hosts")))
	}
	for _, e := range step.with("same_clock") {
		if same, _ := e.Value("same_clock").(bool); same {
			r.argue(true, "it calls on the clock of the incident")
			return
		}
	}
}

// usersIn is how many hosts of captures that are no replay use the places of facts.
func (s *survey) usersIn(facts []*fact) (most, all int64) {
	for _, f := range facts {
		for capture, u := range s.used[f.place] {
			if s.roles[capture] != roleReplay {
				most = max(most, u.hosts)
			}
		}
	}
	for capture, n := range s.hosts {
		if s.roles[capture] != roleReplay {
			all = max(all, n)
		}
	}
	return most, all
}

// String says what speaks against a rival and for it.
func (r Rival) String() string {
	text := r.Text
	switch {
	case len(r.Against)+len(r.For) == 0:
		return text + ": these logs do not tell"
	case len(r.Against) == 0:
		return text + " – for it: " + strings.Join(r.For, "; ")
	case len(r.For) == 0:
		return text + " – against it: " + strings.Join(r.Against, "; ")
	}
	return text + " – against it: " + strings.Join(r.Against, "; ") + "; for it: " + strings.Join(r.For, "; ")
}
