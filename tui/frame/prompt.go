package frame

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// prompt is an overlay that asks for one line.
type prompt struct {
	e     *Env
	title string
	help  func(width int) []string
	in    Editor
	err   error
	take  func(line string) (tea.Cmd, error) // an error keeps the prompt open
	Echo  func(line string) (string, error)  // how it is read, said while it is typed; nil: not said
}

func NewPrompt(e *Env, title string, help func(width int) []string, take func(string) (tea.Cmd, error)) *prompt {
	return &prompt{e: e, title: title, help: help, take: take}
}

// Begin puts a text on the line: to be changed, or typed over.
func (p *prompt) Begin(text string) { p.in.Suggest(text) }

func (p *prompt) Title() string  { return p.title }
func (p *prompt) Open() tea.Cmd  { return nil }
func (p *prompt) Close() tea.Cmd { return nil }
func (p *prompt) Status() Status { return Status{} }
func (p *prompt) Typing() bool   { return true }

func (p *prompt) Keys() []Bind {
	return append([]Bind{{Keys: Keys("enter"), Does: "go", Foot: "go", Run: p.enter}}, p.in.Keys(func() { p.err = nil })...)
}

func (p *prompt) enter() tea.Cmd {
	cmd, err := p.take(p.in.Value())
	if p.err = err; err != nil {
		return nil
	}
	return tea.Batch(p.e.CloseOverlay(), cmd)
}

func (p *prompt) Update(msg tea.Msg) tea.Cmd {
	p.err = nil
	p.in.Update(msg)
	return nil
}

func (p *prompt) View(width, _ int) string {
	t := &p.e.Theme
	out := []string{"> " + p.in.View(t, max(width-2, 1), 1, true)}
	if p.Echo != nil && p.err == nil {
		said, err := p.Echo(p.in.Value())
		style := t.Good
		if err != nil {
			said, style = err.Error(), t.Warn
		}
		for _, l := range Wrap(p.e.Show(said), width) {
			out = append(out, style.Render(l))
		}
	}
	for _, h := range p.help(width) {
		if p.e.Opt.ASCII {
			h = strings.NewReplacer("·", "|", "…", "...").Replace(h)
		}
		for _, l := range Wrap(h, width) {
			out = append(out, t.Dim.Render(l))
		}
	}
	if p.err != nil {
		out = append(out, ErrorText(p.e, p.err, width))
	}
	return strings.Join(out, "\n")
}
