package cases

// Column is a column of a result.
type Column struct {
	Name string
	Type string // DuckDB's name of the type: VARCHAR, INTEGER, TIMESTAMP …
	Kind string // what its values are: ip, name, time … ; "" when its values lead nowhere
}

// Cell is one value of a result as text. Text comes from the evidence as it is: pass it through safetext before
// it is shown. Times are "2006-01-02 15:04:05.999999" in UTC.
type Cell struct {
	Text string
	Null bool
}
