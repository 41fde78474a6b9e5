// Package tui is the workbench: screens over a case that is only ever read.
//
// Rules:
//   - [App] is the only tea.Model. Screens and overlays are structs with plain methods; the top of the trail is on view.
//   - Update and View never touch the case, the disk or the clock ([Options.Now] is asked once per message). What takes
//     time runs in a Cmd that captured values, never a screen; see task.go.
//   - Every request has a number. A screen that asks anew, or is left, cancels its old request; an answer whose number
//     nobody waits for is closed and dropped. Hunts, reports and exports go on as jobs; the first line says so, and J ends them.
//   - A key does something only through a [Bind]. Help, the foot of the screen and the dispatcher read the same binds,
//     so no key works that help does not show, and one that does nothing says so.
//   - A screen says what its rows are: every filter that holds, an order that is not their own, and what a limit leaves out.
//     No row stays on it that answers a former question.
//   - The window over the case, T0 and the zone are the same for every screen. Whoever asks takes them along ([frame.Env.Given]),
//     asks again once they changed, and says so where they cannot be kept to.
//   - Text from the evidence, and error text, which may quote it, is drawn through safetext. Only theme.go names
//     colours, and meaning never rests on a colour alone.
//   - A value from the evidence goes into a query as an argument, never as SQL; only column names are quoted into it. The
//     statement that gives the records of a finding is written by package findings, which quotes.
//   - What the examiner keeps goes to the notes of the case (package notes), which are no evidence; a key is told "saved" when the note is on disk.
//
// The package refuses to write to the evidence, to set the window's title, to capture the mouse, and to read the terminal's
// clipboard.
package tui
