// Package frame is what every screen of the workbench stands on: the case as it is read, the trail of screens, tasks that run
// beside the keys, text that is safe to draw, and the few parts that screens are put together from.
//
// A screen asks to be led: Env.Go names what is wanted, and the table of screens in package tui knows who shows it. No screen
// of another room is made by name.
//
// The package draws no text from evidence but through Env.Show and what is built on it, and never writes to the case.
package frame
