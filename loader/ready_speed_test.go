package loader_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"case53/cases/writer"
	"case53/loader"
	"case53/loader/source"
	"case53/loader/source/local"
)

// BenchmarkReady measures how long a case takes until everything is built: of the old set, a record a connection, and of one in
// the shape of a real log, with Resolver and zone records. Then a file of 1,000 records more, and until everything is built
// again. Each step that takes over a twentieth is named (-v).
//
//	go test ./loader -run '^$' -bench Ready/real -benchtime 1x -v
func BenchmarkReady(b *testing.B) {
	for name, kind := range map[string]string{"plain": "flow", "real": "real"} {
		b.Run(name, func(b *testing.B) {
			root := benchDir(b)
			dirs := []string{
				generate(b, root, kind, scale()*1_000_000), generate(b, root, "dns", scale()*200_000), generate(b, root, "zone", scale()*100_000),
			}
			more := generate(b, root, kind+"-more", 1000)
			target := filepath.Join(root, name+".ready.case")
			for range b.N {
				os.RemoveAll(target)
				load, derive := loadSteps(b, target, dirs...)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(load.wall.Seconds(), "load-s")
				b.ReportMetric(load.cpu.Seconds(), "load-cpu-s")
				b.ReportMetric(derive.wall.Seconds(), "derive-s")
				b.ReportMetric(derive.cpu.Seconds(), "derive-cpu-s")
				b.ReportMetric((load.wall+derive.wall).Seconds()/load.wall.Seconds(), "ready/load")
				b.ReportMetric((load.cpu+derive.cpu).Seconds()/load.cpu.Seconds(), "ready/load-cpu")
				load, derive = loadSteps(b, target, more)
				b.ReportMetric((load.wall + derive.wall).Seconds(), "more-s")
				b.ReportMetric((load.cpu + derive.cpu).Seconds(), "more-cpu-s")
				var used syscall.Rusage
				syscall.Getrusage(syscall.RUSAGE_SELF, &used)
				b.ReportMetric(float64(used.Maxrss)/1024, "peak-MB")
			}
		})
	}
}

// loadSteps loads folders into a case; derive is what came after the last commit, the checkpoint included.
func loadSteps(b *testing.B, target string, dirs ...string) (load, derive took) {
	b.Helper()
	stop := measure()
	step, began := "", time.Now()
	ended := func(next string) {
		if took := time.Since(began); step != "" && took > 50*time.Millisecond {
			b.Logf("%-18s %6.2f s", step, took.Seconds())
		}
		step, began = next, time.Now()
	}
	phase := func(p loader.Progress) {
		if p.Phase == step {
			return
		}
		if p.Phase != "load" && load.wall == 0 {
			load = stop()
		}
		ended(p.Phase)
	}
	w, err := writer.Open(context.Background(), target, loader.Schemas())
	if err != nil {
		b.Fatal(err)
	}
	var sources []source.Source
	for _, dir := range dirs {
		sources = append(sources, local.New(dir))
	}
	report, err := loader.Load(context.Background(), w, loader.Plan{Sources: sources, Capture: "incident", Role: "incident"}, phase)
	if err != nil {
		b.Fatal(err)
	}
	if len(report.Failures) > 0 {
		b.Fatal(report.Failures[0].Err)
	}
	ended("close")
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	ended("")
	all := stop()
	return load, took{all.wall - load.wall, all.cpu - load.cpu}
}
