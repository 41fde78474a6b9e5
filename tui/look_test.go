package tui

import "testing"

func TestLook(t *testing.T) {
	d := drive(t, 80, 24)
	t.Log("\n" + d.screen())
	d.keys("4")
	t.Log("\n" + d.screen())
	d.keys("enter")
	t.Log("\n" + d.screen())
	for range 10 {
		d.keys("j")
	}
	d.keys("p")
	t.Log("\n" + d.screen())
	d.keys("enter")
	t.Log("\n" + d.screen())
	d.keys("enter")
	t.Log("\n" + d.screen())
	d.keys("H")
	t.Log("\n" + d.screen())
	d.keys("esc", "?")
	t.Log("\n" + d.screen())
	d.keys("esc", "2")
	t.Log("\n" + d.screen())
	d.keys("'flows", "enter")
	t.Log("\n" + d.screen())
	d.keys("'10.0", "enter")
	t.Log("\n" + d.screen())
	d.keys("esc", "esc", "3", "/")
	t.Log("\n" + d.screen())
	d.keys("'bytes>=x", "enter")
	t.Log("\n" + d.screen())
	d.keys("esc", "C")
	t.Log("\n" + d.screen())
	d.keys("esc", "e")
	t.Log("\n" + d.screen())
	d.keys("esc", ";", "'SELECT * from nosuch", "f5")
	t.Log("\n" + d.screen())
}
