// Package entities puts on one page what a case says of a value: an address, a name, an interface, an instance, a hosted zone, the
// path of a URL. The parts of the page are saved queries that say so in their front matter (page:), so that a log type brings
// its own, and who drops in a file adds a part.
//
// Rules:
//   - Every part is asked by itself. One that cannot be answered, as what it rests on is not built, says so, and hides no other.
//   - A part that ends early says how many rows there would be. One that has none says what it looked at.
//   - A part that cannot be asked for a window is of all the case, and says so.
//   - What is found and drawn together about a value is what names it as a whole: 10.0.0.1 is not in 10.0.0.10.
//
// The package has no log type's name, and shows nothing: text of the evidence is handed on as it is.
package entities
