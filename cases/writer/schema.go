package writer

import (
	"case53/cases"
	"case53/cases/internal/catalog"
)

// derived is a table built from the records after a load, object range by object range. Where one of the tables in Needs is
// empty there is nothing to build: as records only ever come in, the table is empty too.
type derived struct {
	catalog.Derived
	Step cases.Step // what Go computes after the SQL; nil: nothing
}

// derivedOf are the derived tables of all schemas.
func derivedOf(schemas []cases.Schema) (all []derived, err error) {
	steps := map[string]cases.Step{}
	for _, s := range schemas {
		for name, step := range s.Steps {
			steps[name] = step
		}
	}
	for _, s := range cases.Stored(schemas) {
		sections, err := s.Sections()
		if err != nil {
			return nil, err
		}
		for _, d := range sections.Derived {
			all = append(all, derived{d, steps[d.Name]})
		}
	}
	return all, nil
}
