package tui

import (
	"os"
	"strings"
	"testing"
)

// Hunts go on when their screen is left, for the window that they were begun with; the first line says how far they are, J lists them,
// leads to them and ends them.
func TestHuntsAreAJob(t *testing.T) {
	d := drive(t, 100, 30).keys("w", "'11-01 10:00 to 11:00", "enter", "J")
	d.wants("Nothing runs, and nothing ran.")
	d.keys("esc")
	d.hold = true
	d.keys("X", "esc").wants("● hunts 0 of 4")
	d.keys("3").wants("Flow records", "● hunts 0 of 4")
	d.step()
	d.wants("● hunts 1 of 4, 1 found something")
	d.keys("J").wants("Jobs", "hunts  1 of 4, 1 found something")
	d.keys("enter").wants("1 of 4 hunts done")
	d.lacks("● hunts")
	d.keys("1", "J", "x").wants("hunts  1 of 4, 1 found something, stopped")
	d.keys("x").wants("it runs no more")
	d.hold, d.held = false, nil
	d.keys("esc", "X", "r").wants("4 of 4 hunts done")
	d.keys("1", "J").wants("hunts  4 of 4, 1 found something")
}

// A window that is set while hunts run beside changes nothing of what they are asked: half of them would be of another time.
func TestHuntsKeepTheirWindow(t *testing.T) {
	d := drive(t, 100, 30)
	d.hold = true
	d.keys("X", "1", "w", "'11-01 10:00 to 11:00", "enter")
	d.release()
	if len(d.desk.hunted) != 4 || d.desk.values["from"] != "" {
		t.Errorf("hunted %v, the last with %v", d.desk.hunted, d.desk.values)
	}
	d.wants("hunts done: 4 of 4, 1 found something; X has them")
	if d.keys("X"); len(d.desk.hunted) != 8 { // of the window now
		t.Errorf("hunted %v", d.desk.hunted)
	}
}

// A report is written on when its box is closed, and says once it is there; who leaves before is asked.
func TestWritingIsAJob(t *testing.T) {
	t.Chdir(t.TempDir())
	d := drive(t, 100, 30)
	d.hold = true
	d.keys("ctrl+e", "enter").wants("ctrl+c cancels, esc leaves it to go on")
	d.keys("esc").wants("writing goes on; J lists what runs")
	d.keys("j").wants("● Report to report.html writing")
	d.keys("ctrl+c", "ctrl+c").wants("Report to report.html is being written: once more leaves without it")
	if d.quit {
		t.Error("it was left without a word")
	}
	d.keys("3")
	d.release()
	d.wants("Report to report.html: ")
	if !strings.Contains(d.screen(), "12 findings of 4 hunts") || len(d.desk.written) != 1 {
		t.Errorf("wrote %v:\n%s", d.desk.written, d.screen())
	}
	d.keys("J").wants("Report to report.html")
	d.keys("esc", "1")
	d.hold = true
	d.keys("ctrl+e", "enter", "ctrl+c").wants("cancelled: the file is not known to be written")
	d.held, d.hold = nil, false
	if _, err := os.Stat("report.html"); err == nil {
		t.Error("a file was written")
	}
	d.keys("esc", "J").wants("cancelled: the file is not known to be written")
}
