// Package threads puts findings together into what happened: findings → facts → steps → threads.
//
// A finding is a row of a hunt. A [fact] is one thing that happened, with every finding that tells of it, as several hunts tell
// of the same call. A [Step] is a fact in a sentence, or several alike. A [Thread] is steps that belong together, in order of
// time. Threads are ranked, not findings: variety of independent evidence counts (kinds of evidence, log types, phases in an
// order that makes sense), repetition does not.
//
// What belongs together is told by arrivals and channels. An arrival on a host is a session that somebody had to it from
// outside, or from a host that had been reached before; a channel is a call home while it lasts. An act of a host belongs to
// who was in at that moment. Sharing a host, a subnet or a port is not enough: a server has updates, backups and scanners
// of its own, and may have two intruders. Where several parties were in, the logs do not say whose an act is: it
// then stands in the thread of each, and says so.
//
// Rules:
//   - A hunt says by itself, in its front matter, what its findings tell of: phase, kind of evidence, log types, weight. No
//     hunt is known here by its name.
//   - Three facts that no hunt gives are made of connections: a door guessed at, an entry by who guessed, and a first contact
//     inside after an arrival.
//   - A place that many hosts of ours use holds nothing together, and what was in use before an arrival is not the arrival's.
//   - A sentence says only what columns bear out, names both ends, and has no verb of intent.
//   - Each step has what else it may be (from what the hunts say else looks like it), with what speaks against and for that.
//   - The same findings give the same threads. Nothing is left out in silence: [Told.Notes] says what was not looked at.
//
// The numbers in here were set on labelled captures, and held against shifts of time and of every number: each says beside it
// what it rests on.
package threads
