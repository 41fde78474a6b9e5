// Package worker is what a case and its worker say to each other, and how the worker is started, bounded and ended. A worker is
// this same program, run once more as a process of its own, that opens a case for looking and runs SQL which somebody else may
// have written: what can bring a process down, eat its memory or not be interrupted then does so to the worker alone.
//
// Rules: values come over exactly as DuckDB gave them. Rows come when they are asked for, a batch of bounded size at a time, so
// that neither side holds more than two. Whoever waits can give up: a worker that does not let go of a statement within [grace]
// is killed, and with it what else it was running. What it sends is not trusted: a message of another form than agreed ends it.
//
// The worker has no terminal, no environment, no input but its parent's, and bounds on memory, files and their size (limits.go). It
// ends when its parent does, however that ends.
package worker
