package apigw

import (
	"bytes"
	"testing"

	"case53/loader/logs/logstest"
)

func TestVectors(t *testing.T) { logstest.Vectors(t, Type, "apigw.txtar") }

// TestFixtures: the records of another program's tests are rows.
func TestFixtures(t *testing.T) {
	folder := "access/elastic+integrations/packages/aws/data_stream/apigateway_logs/_dev/test/pipeline/"
	for file, want := range map[string]int{"test-apigateway.log": 2, "test-apigateway-rest.log": 5} {
		recs := bytes.Split(bytes.TrimSpace(logstest.Fixture(t, folder+file)), []byte("\n"))
		rows, _ := logstest.DecodeAll(t, Type, recs...)
		if len(rows) != want {
			t.Errorf("%s: %d rows", file, len(rows))
		}
		for _, row := range rows {
			if row["source4"] != "1.128.0.0" || row["status"] != "200" || row["request_id"] == "" || row["attack"] != "" {
				t.Errorf("%s: %v", file, row)
			}
		}
	}
}

// FuzzRecord: a record becomes one row or an error.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"requestId":"x","requestTimeEpoch":1686315248123,"httpMethod":"GET","path":"/%"}`))
	f.Add([]byte(`<request id="x"> <extendedRequestId>y</extendedRequestId> <requestTime>10/Jun/2023:15:36:28 +0000</requestTime>`))
	f.Add([]byte(`-,-,-,10/Jun/2023:15:36:28 +0000,GET,/,HTTP/1.1,-,-,-,x`))
	d := logstest.New(Type)
	f.Fuzz(func(t *testing.T, rec []byte) {
		d.Rows, d.Notes, d.Contexts = nil, nil, nil
		Type.Detect([][]byte{rec})
		_, _, _, err := d.Decode(rec)
		if rows := len(d.RowsOf("apigw")); (err == nil) != (rows == 1) {
			t.Fatalf("%q: %v, %d rows", rec, err, rows)
		}
	})
}
