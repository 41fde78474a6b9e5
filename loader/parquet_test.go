package loader

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"case53/cases"
	"case53/cases/duck/ducktest"
	"case53/cases/records"
	"case53/cases/writer"
	"case53/loader/source"
	"case53/loader/source/local"
)

// writeParquet writes flow logs as AWS does: underscored names, NULL for "-", gzip inside the columns.
func writeParquet(t *testing.T, path string, rows int) {
	t.Helper()
	ducktest.Run(t, "", fmt.Sprintf(`COPY (SELECT
		2::INTEGER AS version, '000012345678' AS account_id, 'eni-0a' || (i %% 9) AS interface_id,
		CASE WHEN i %% 10 = 9 THEN NULL ELSE '10.0.0.' || (i %% 250) END AS srcaddr,
		CASE WHEN i %% 10 = 9 THEN NULL ELSE '198.51.100.7' END AS dstaddr,
		CASE WHEN i %% 10 = 9 THEN NULL ELSE (i %% 60000)::INTEGER END AS srcport,
		CASE WHEN i %% 10 = 9 THEN NULL ELSE 443::INTEGER END AS dstport,
		CASE WHEN i %% 10 = 9 THEN NULL ELSE 6::INTEGER END AS protocol,
		CASE WHEN i %% 10 = 9 THEN NULL ELSE i + 1 END::BIGINT AS packets,
		CASE WHEN i %% 10 = 9 THEN NULL ELSE (i + 1) * 40 END::BIGINT AS bytes,
		(1760000000 + i %% 300)::BIGINT AS "start", (1760000020 + i %% 300)::BIGINT AS "end",
		CASE WHEN i %% 10 = 9 THEN NULL ELSE 'ACCEPT' END AS action,
		CASE WHEN i %% 10 = 9 THEN 'NODATA' ELSE 'OK' END AS log_status, 'x' AS field_of_tomorrow
		FROM range(%d) r(i)) TO '%s' (FORMAT parquet, COMPRESSION gzip)`, rows, path))
}

func TestParquetFlowLogs(t *testing.T) {
	dir, target := t.TempDir(), filepath.Join(t.TempDir(), "parquet.case")
	writeParquet(t, filepath.Join(dir, "whole.log.parquet"), 5000)
	writeParquet(t, filepath.Join(dir, "damaged.log.parquet"), 6000)
	b, err := os.ReadFile(filepath.Join(dir, "damaged.log.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-20] ^= 0xff // in the footer
	if err := os.WriteFile(filepath.Join(dir, "damaged.log.parquet"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := writer.Open(context.Background(), target, Schemas())
	if err != nil {
		t.Fatal(err)
	}
	report, err := Load(context.Background(), w, Plan{Sources: []source.Source{local.New(dir)}, Capture: "incident", Role: "incident"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if report.Lines.Rows != 5000 || report.Problems != 1 || len(report.Failures) != 0 {
		t.Fatalf("%+v", report)
	}
	c, err := cases.Open(context.Background(), target, Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	rows, err := c.Query(context.Background(), `SELECT count(*), sum(bytes)::BIGINT, count(srcaddr), min(account_id), min(extra),
		count(*) FILTER (log_status = 'NODATA'), max(row_no) FROM flow`, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	rows.Next()
	got := strings.TrimSpace(fmt.Sprintln(rows.Values()...))
	if want := `5000 450000000 4500 000012345678 {"field_of_tomorrow":"x"} 500 5000`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := c.Objects(context.Background(), func(o cases.Object) error {
		if strings.Contains(o.URI, "whole") {
			if o.Envelope != "parquet" {
				t.Errorf("envelope %q", o.Envelope)
			}
			rec, err := records.Find(context.Background(), c.RawStore(), o.SHA256, 12)
			if err != nil || !strings.Contains(string(rec.Data), `"srcaddr":"10.0.0.11"`) {
				t.Errorf("row 12: %s, %v", rec.Data, err)
			}
		} else if !strings.Contains(o.Problem, "damaged Parquet") {
			t.Errorf("problem %q", o.Problem)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
