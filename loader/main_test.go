package loader

import (
	"context"
	"fmt"
	"os"
	"testing"

	"case53/cases/writer"
	"case53/loader/source"
	"case53/loader/source/local"
)

// TestMain lets the test binary be the program that is killed: see TestKill.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "load-and-be-killed" {
		if err := loadSmallBatches(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// loadSmallBatches loads a folder in transactions of a few objects.
func loadSmallBatches(target, dir string) error {
	w, err := writer.Open(context.Background(), target, Schemas())
	if err != nil {
		return err
	}
	plan := Plan{Sources: []source.Source{local.New(dir)}, Capture: "incident", Role: "incident", batchBytes: 256 << 10}
	report, err := Load(context.Background(), w, plan, nil)
	if err != nil {
		return err
	}
	if len(report.Failures) > 0 {
		return report.Failures[0].Err
	}
	return w.Close()
}
