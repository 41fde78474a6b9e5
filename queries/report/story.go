package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/words"
	"case53/queries/threads"
)

// toldFrom is the severity from which on threads are told step by step.
const toldFrom = "medium"

// story is the first part: what happened, thread by thread.
func (r *Report) story(d *document) {
	d.section("story", "What happened")
	counts := map[string]int{}
	for _, f := range r.Findings {
		counts[f.Severity]++
	}
	d.say(fmt.Sprintf("%s: %d high, %d medium, %d low, %d for information. %s",
		words.Plural(int64(len(r.Findings)), "finding", "findings"), counts["high"], counts["medium"], counts["low"], counts["info"], r.looked()))
	if len(r.Threads) == 0 {
		return
	}
	d.say("What several hunts tell of is one step, and steps that belong together are a thread: they are joined by who was in on a host at " +
		"that moment and through what it was calling out, not by sharing a host. A thread says where to look. What else each step may be stands under it; " +
		"what a finding does not prove stands with its hunt, in the appendix.")
	var alone []*threads.Thread
	for _, t := range r.Threads {
		if t.At(toldFrom) {
			writeThread(d, t)
		} else {
			alone = append(alone, t)
		}
	}
	if len(alone) == len(r.Threads) {
		d.say("No thread is of medium severity or more.")
	}
	if len(alone) > 0 {
		d.say(fmt.Sprintf("Besides, %s of low severity, by the hunts behind them: %s. The appendix has them.",
			words.Plural(int64(len(alone)), "thread", "threads"), threads.Alone(alone)))
	}
	if len(r.Notes) > 0 {
		d.say("And what is told of nowhere:")
		var notes [][]span
		for _, note := range r.Notes {
			notes = append(notes, plain(note))
		}
		d.list(notes...)
	}
}

// threadHeading names a thread.
func threadHeading(d *document, t *threads.Thread) {
	d.heading(3, slices.Concat(plain(fmt.Sprintf("%d. ", t.Number)), []span{{known(t.Severity, severities), text(t.Severity)}}, plain("  "+t.Title))...)
}

func writeThread(d *document, t *threads.Thread) {
	threadHeading(d, t)
	d.say(fmt.Sprintf("%s; %s, %s. Hosts: %s. Outside: %s.", cases.Span{From: t.From, To: t.To},
		words.Plural(int64(len(t.Steps)), "step", "steps"), words.Plural(int64(t.Findings), "finding", "findings"),
		listed(t.Hosts), listed(append(slices.Clone(t.Outside), t.Names...))))
	if t.Perhaps != "" {
		d.say("It is " + t.Perhaps + ".")
	}
	d.add(block{Kind: isPicture, Picture: drawThread(t)})
	var rows [][][]span
	for i, s := range t.Steps {
		happened := plain(s.Text + ".")
		if s.Link != "" {
			happened = append(happened, plain(" This was "+strings.TrimPrefix(s.Link, "was ")+".")...)
		}
		if len(s.Either) > 1 {
			happened = append(happened, strong(" Either thread "+strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Either), " ", " or "), "[]")+
				": several were in, and the logs do not say whose it is.")...)
		}
		rows = append(rows, [][]span{number(int64(i + 1)), plain(words.Moment(s.Time)), happened, behind(s)})
	}
	d.table([]string{"Step#", "From (UTC)", "What happened", "What it rests on"}, rows)
	var rivals [][]span
	for i, s := range t.Steps {
		for _, r := range s.Rivals {
			rivals = append(rivals, plain(fmt.Sprintf("Step %d, or %s.", i+1, r)))
		}
	}
	if len(rivals) > 0 {
		d.say("What else each step may be, with what the logs say against that and for it:")
		d.list(rivals...)
	}
}

func listed(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// behind says what a step rests on: hunts, findings by number, records, coverage.
func behind(s *threads.Step) []span {
	out := plain("connections")
	if len(s.Hunts) > 0 {
		out = plain(strings.Join(s.Hunts, ", "))
	}
	if len(s.Found) > 0 {
		var numbers []string
		for _, n := range s.Found {
			numbers = append(numbers, fmt.Sprint(n))
		}
		out = append(out, plain(" (No. "+strings.Join(numbers, ", ")+")")...)
	}
	rest := "; " + words.Plural(s.Rows, "record", "records")
	if s.Coverage != nil {
		rest += "; " + s.Coverage.String()
	}
	return append(out, plain(rest)...)
}

// drawThread draws the steps of a thread over its time. What a replay did days later would press the rest together: it is told, not drawn.
func drawThread(t *threads.Thread) picture {
	var steps []int
	var window cases.Span
	for i, s := range t.Steps {
		if s.Phase == "replay" && len(t.Steps) > 1 {
			continue
		}
		steps = append(steps, i)
		if window.From.IsZero() || s.Time.Before(window.From) {
			window.From = s.Time
		}
		if s.To.After(window.To) {
			window.To = s.To
		}
	}
	if !window.To.After(window.From) {
		window.To = window.From.Add(time.Second)
	}
	s := scale{window, drawn - names}
	p := picture{Title: text(fmt.Sprintf("Steps of thread %d by number, %s", t.Number, window)), Width: drawn}
	y := 0.0
	for _, i := range steps {
		step := t.Steps[i]
		name := fmt.Sprintf("%d %s", i+1, step.Phase)
		p.Rects = append(p.Rects, rect{X: s.at(step.Time), Y: y + 2, W: round(max(s.at(step.To)-s.at(step.Time), 2)), H: rowHeight - 4,
			Class: "mark " + known(step.Severity, severities), Title: text(step.Text)})
		p.Labels = append(p.Labels, label{names - 8, y + 12, "end", text(name)})
		p.Text = append(p.Text, text(fmt.Sprintf("%-10s  %s", name, lane(step, window))))
		y += rowHeight
	}
	p.axis(s, y+14)
	p.Height = int(y) + 22
	return p
}

// lane is a step's time in letters.
func lane(step *threads.Step, window cases.Span) string {
	const wide = 72
	row := []rune(strings.Repeat("·", wide))
	at := func(t time.Time) int { return min(wide-1, int(t.Sub(window.From).Seconds()/window.Seconds()*wide)) }
	for i := at(step.Time); i <= at(step.To); i++ {
		row[i] = '▬'
	}
	return string(row)
}
