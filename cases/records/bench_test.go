package records

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"testing"

	"github.com/klauspost/compress/gzip"
)

func flowLines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "2 123456789012 eni-0a1b2c3d4e5f%05x 10.0.%d.%d 203.0.113.%d %d 443 6 %d %d 16000%05d 16000%05d ACCEPT OK\n",
			i%977, i%7, i%251, i%199, 32768+i%28000, i%91, i*7919%1000003, i%99999, i%99999)
	}
	return b.Bytes()
}

func resolverLine(i int) string {
	return fmt.Sprintf(`{"version":"1.100000","account_id":"123456789012","region":"us-east-1","vpc_id":"vpc-01e31a7c",`+
		`"query_timestamp":"2021-12-11T22:46:%02dZ","query_name":"h%d.example-%d.amazonaws.com.","query_type":"A","query_class":"IN",`+
		`"rcode":"NOERROR","answers":[{"Rdata":"s3-r-w.dualstack.us-east-1.amazonaws.com.","Type":"CNAME","Class":"IN"},`+
		`{"Rdata":"67.43.156.%d","Type":"A","Class":"IN"}],"srcaddr":"172.31.86.%d","srcport":"%d","transport":"UDP",`+
		`"srcids":{"instance":"i-079c44232510ca8ff"}}`, i%60, i, i%977, i%256, i%251, 1024+i%60000)
}

func resolverLines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		b.WriteString(resolverLine(i))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// subscriptions joins envelopes of 200 events each without a newline, as Firehose does.
func subscriptions(n int) []byte {
	var b bytes.Buffer
	for i := 0; i < n; {
		b.WriteString(`{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/aws/route53/vpc","logStream":"vpc-01e31a7c_i",` +
			`"subscriptionFilters":["all"],"logEvents":[`)
		for k := 0; k < 200; k++ {
			if k > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"id":"3195310660696698337880902507980421114328961542429%07d","timestamp":%d,"message":%s}`,
				i, 1432826855000+i, strconv.Quote(resolverLine(i)))
			i++
		}
		b.WriteString(`]}`)
	}
	return b.Bytes()
}

func drain(b *testing.B, src io.Reader) (n int) {
	r, err := NewReader(src)
	if err != nil {
		b.Fatal(err)
	}
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return n
		}
		if err != nil || rec.Kind != Data {
			b.Fatal(rec, err)
		}
		n++
	}
}

func bench(b *testing.B, stored []byte, decoded, records int) {
	b.SetBytes(int64(decoded))
	b.ReportAllocs()
	for b.Loop() {
		if n := drain(b, bytes.NewReader(stored)); n != records {
			b.Fatal(n)
		}
	}
}

func BenchmarkLines(b *testing.B) {
	text := flowLines(100_000)
	bench(b, text, len(text), 100_000)
}

func BenchmarkJSONLines(b *testing.B) {
	text := resolverLines(20_000)
	bench(b, text, len(text), 20_000)
}

func BenchmarkSubscription(b *testing.B) {
	text := subscriptions(20_000)
	bench(b, text, len(text), 20_000)
}

func BenchmarkGzipLines(b *testing.B) {
	text := flowLines(100_000)
	bench(b, gz(text), len(text), 100_000)
}

// BenchmarkGunzip is the floor of BenchmarkGzipLines: decompression alone.
func BenchmarkGunzip(b *testing.B) {
	text := flowLines(100_000)
	stored := gz(text)
	b.SetBytes(int64(len(text)))
	buf := make([]byte, windowSize)
	for b.Loop() {
		z, err := gzip.NewReader(bytes.NewReader(stored))
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = z.Read(buf)
		}
	}
}
