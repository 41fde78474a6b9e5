package export_test

import (
	"os"
	"path/filepath"
	"testing"

	"case53/cases"
	"case53/loader"
	"case53/queries/export"
)

// BenchmarkTools writes all rows of the case that CASE53_EXPORT_CASE names, by each tool.
func BenchmarkTools(b *testing.B) {
	dir := os.Getenv("CASE53_EXPORT_CASE")
	if dir == "" {
		b.Skip("CASE53_EXPORT_CASE is not set")
	}
	k, err := cases.Open(b.Context(), dir, loader.Schemas())
	if err != nil {
		b.Fatal(err)
	}
	defer k.Close()
	for _, tool := range export.Tools() {
		b.Run(tool.Name, func(b *testing.B) {
			rows := int64(0)
			for b.Loop() {
				m, err := tool.Export(b.Context(), k, export.Request{Target: filepath.Join(b.TempDir(), "out.jsonl"), Program: "case53 test"})
				if err != nil {
					b.Fatal(err)
				}
				for _, s := range m.Sources {
					rows += s.RowsIn
				}
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
