package s3_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/loader/source"
	"case53/loader/source/s3"
)

// refuse answers requests whose URL holds part with an error.
func refuse(part string, status int, code, message string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path+"?"+r.URL.Query().Get("prefix"), part) {
			return false
		}
		fail(w, status, code, message)
		return true
	}
}

// once does something to the first n requests for an object.
func times(n int, do func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/object") || n == 0 {
			return false
		}
		n--
		return do(w, r)
	}
}

func only(t *testing.T, src source.Source) source.Remote {
	t.Helper()
	var found source.Remote
	for o, err := range src.Objects(t.Context(), cases.Span{}) {
		if err != nil {
			t.Fatal(err)
		}
		found = o.(source.Remote)
	}
	if found == nil {
		t.Fatal("nothing listed")
	}
	return found
}

func read(t *testing.T, o source.Object) string {
	t.Helper()
	got, err := readAll(t.Context(), o)
	if err != nil {
		t.Fatalf("read %s: %v", o.URI(), err)
	}
	return got
}

func readAll(ctx context.Context, o source.Object) (string, error) {
	r, err := o.Open(ctx)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(r)
	return string(b), errors.Join(err, r.Close())
}

var content = strings.Repeat("2 123456789012 eni-0a 10.0.0.1 10.0.0.2 1 2 6 3 4 5 6 ACCEPT OK\n", 4000)

// whole has a checksum of all its bytes, composite one of its parts', plain neither.
func whole() version {
	return version{body: []byte(content), header: map[string]string{"x-amz-checksum-crc32": crc32Of([]byte(content)), "x-amz-checksum-type": "FULL_OBJECT"}}
}

func sha() version {
	sum := sha256.Sum256([]byte(content))
	return version{body: []byte(content), header: map[string]string{"x-amz-checksum-sha256": base64.StdEncoding.EncodeToString(sum[:])}}
}

func composite() version {
	v := version{body: []byte(content), parts: []int{100_000, 100_000, len(content) - 200_000}}
	v.header = map[string]string{
		"x-amz-checksum-crc32": base64.StdEncoding.EncodeToString(overParts(crc32.NewIEEE(), v)) + "-3",
		"x-amz-checksum-type":  "COMPOSITE",
	}
	return v
}

func plain() version { return version{body: []byte(content)} }

func pieces() version {
	return version{body: []byte(content), parts: []int{150_000, len(content) - 150_000}}
}

func kms() version {
	return version{
		body: []byte(content),
		header: map[string]string{
			"x-amz-server-side-encryption":                "aws:kms",
			"x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-1:123456789012:key/k",
		},
	}
}

func unknownSum() version {
	return version{body: []byte(content), header: map[string]string{"x-amz-checksum-xxhash64": "AAAAAAAAAAA=", "x-amz-server-side-encryption": "aws:kms"}}
}

// TestHowFarItWasVerified says what each kind of checksum proves, and that wrong bytes under it are an error.
func TestHowFarItWasVerified(t *testing.T) {
	for _, c := range []struct {
		name    string
		v       version
		noParts bool // GetObjectAttributes is not allowed
		noHeads bool // nor is HeadObject
		level   string
		named   string // in the error about wrong bytes; "" where nothing can notice them
	}{
		{name: "FULL_OBJECT CRC32", v: whole(), level: "full", named: "CRC32 checksum"},
		{name: "SHA-256, no type", v: sha(), level: "full", named: "SHA256 checksum"},
		{name: "COMPOSITE, by attributes", v: composite(), level: "parts", named: "CRC32 checksum of its parts"},
		{name: "COMPOSITE, by heads", v: composite(), noParts: true, level: "parts", named: "CRC32 checksum of its parts"},
		{name: "COMPOSITE, neither allowed", v: composite(), noParts: true, noHeads: true, level: "size"},
		{name: "ETag", v: plain(), level: "etag-md5", named: "ETag, an MD5"},
		{name: "ETag of parts", v: pieces(), noParts: true, level: "parts", named: "ETag, an MD5 of its parts'"},
		{name: "KMS: the ETag is no MD5", v: kms(), level: "size"},
		{name: "a checksum we do not know", v: unknownSum(), level: "size"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newStub()
			b.noParts = c.noParts
			b.add("object", c.v)
			if c.noHeads {
				b.spoil = func(w http.ResponseWriter, r *http.Request) bool {
					if r.Method == "HEAD" {
						w.WriteHeader(403)
					}
					return r.Method == "HEAD"
				}
			}
			o := only(t, b.source(t, s3.Options{}))
			if read(t, o) != content {
				t.Error("other bytes")
			}
			if got := o.Acquired().More["checksum_verified"]; got != c.level {
				t.Errorf("verified %v, want %s", got, c.level)
			}
			b.spoilBody = func(_ *http.Request, _ http.Header, body []byte) []byte {
				body[len(body)/2] ^= 1
				return body
			}
			_, err := readAll(t.Context(), o)
			switch {
			case c.named == "" && err != nil:
				t.Errorf("without a checksum: %v", err)
			case c.named != "" && (!errors.Is(err, s3.ErrChecksum) || !strings.Contains(err.Error(), c.named)):
				t.Errorf("wrong bytes: %v", err)
			}
		})
	}
}

// fault is one that an object is read under.
type fault struct {
	name     string
	v        version
	spoil    func(http.ResponseWriter, *http.Request) bool
	body     func(*http.Request, http.Header, []byte) []byte
	between  func(*stub) // listing and reading
	opt      s3.Options
	want     error  // nil: the object, verified
	says     string // in the error
	attempts int    // with success; 0: one; -1: some
}

// passing faults are over when the object is asked for again.
func passing() []fault {
	renew := s3.Options{Renew: func() bool { return true }}
	return []fault{
		{name: "none", v: whole()},
		{name: "503 twice", v: whole(), spoil: times(2, status(503, "SlowDown")), attempts: 3},
		{name: "500 once", v: whole(), spoil: times(1, status(500, "InternalError")), attempts: 2},
		{name: "429", v: whole(), spoil: times(1, status(429, "TooManyRequests")), attempts: 2},
		{name: "RequestTimeout", v: whole(), spoil: times(1, status(400, "RequestTimeout")), attempts: 2},
		// net/http asks again by itself on a connection that was used before.
		{name: "connection reset before the answer", v: whole(), spoil: times(2, reset), attempts: -1},
		{name: "body cut, length announced", v: whole(), body: cut(1, true), attempts: 2},
		{name: "body cut four times", v: whole(), body: cut(4, true), attempts: 5},
		{name: "body cut, no length", v: whole(), body: cut(1, false), attempts: 2},
		{name: "body cut, composite", v: composite(), body: cut(2, true), attempts: 3},
		{name: "body cut, ETag only", v: plain(), body: cut(2, false), attempts: 3},
		{name: "stall, then the rest", v: whole(), opt: s3.Options{Stall: 50 * time.Millisecond}, body: stallOnce(), attempts: 2},
		{name: "expired and renewed", v: whole(), opt: renew, spoil: times(1, status(400, "ExpiredToken")), attempts: 2},
	}
}

// lasting faults end in an error.
func lasting() []fault {
	renew, paying := s3.Options{Renew: func() bool { return true }}, s3.Options{RequesterPays: true}
	return []fault{
		{name: "503 for ever", v: whole(), spoil: times(-1, status(503, "SlowDown")), want: errAny, says: "SlowDown"},
		{name: "body never comes", v: whole(), body: func(*http.Request, http.Header, []byte) []byte { return nil },
			want: s3.ErrTruncated, says: "after 0 of"},
		{name: "body longer than announced", v: kms(), body: func(_ *http.Request, h http.Header, b []byte) []byte {
			h.Set("Content-Length", strconv.Itoa(len(b)+5))
			return append(b, "extra"...)
		}, want: s3.ErrChanged, says: "answered with"},
		{name: "overwritten since it was listed", v: whole(), between: func(b *stub) { b.put("object", "other") },
			want: s3.ErrChanged, says: "pull again"},
		{name: "overwritten while the body is asked for again", v: whole(), body: overwrite(), want: s3.ErrChanged},
		{name: "gone since it was listed", v: whole(), between: func(b *stub) { b.remove("object") },
			want: s3.ErrGone, says: "--all-versions"},
		{name: "archived", v: version{body: []byte("x"), class: "GLACIER"}, want: s3.ErrArchived, says: "restores nothing"},
		{name: "denied", v: whole(), spoil: times(-1, status(403, "AccessDenied")), want: s3.ErrDenied, says: "--requester-pays"},
		{name: "denied although paid for", v: whole(), opt: paying, spoil: times(-1, status(403, "AccessDenied")),
			want: s3.ErrDenied, says: "s3:GetObject"},
		{name: "denied by KMS", v: whole(), spoil: times(-1, func(w http.ResponseWriter, _ *http.Request) bool {
			fail(w, 403, "AccessDenied", "User: arn:aws:iam::1:user/x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:k")
			return true
		}), want: s3.ErrDenied, says: "kms:Decrypt on that key is needed"},
		{name: "expired", v: whole(), spoil: times(-1, status(400, "ExpiredToken")), want: s3.ErrExpired, says: "goes on from here"},
		{name: "expired, renewed in vain", v: whole(), opt: renew, spoil: times(-1, status(400, "ExpiredToken")), want: s3.ErrExpired},
		{name: "another region", v: whole(), spoil: times(-1, status(301, "PermanentRedirect")),
			want: s3.ErrRegion, says: "--region eu-west-3"},
		{name: "a wrong range", v: whole(), body: wrongRange(), want: errAny, says: "asked for bytes"},
	}
}

func status(n int, code string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool { fail(w, n, code, "said the server"); return true }
}

// cut sends two thirds of the body, the first n times.
func cut(n int, keepLength bool) func(*http.Request, http.Header, []byte) []byte {
	return func(_ *http.Request, h http.Header, body []byte) []byte {
		if n == 0 {
			return body
		}
		n--
		if !keepLength {
			h.Del("Content-Length")
		}
		return body[:len(body)*2/3]
	}
}

func reset(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }

// TestFaults: each ends in the object, verified, or in an error that says what is wrong.
func TestFaults(t *testing.T) {
	for _, c := range append(passing(), lasting()...) {
		t.Run(c.name, func(t *testing.T) {
			b := newStub()
			b.add("object", c.v)
			src := b.source(t, c.opt)
			o := only(t, src)
			if c.between != nil {
				c.between(b)
			}
			b.spoil, b.spoilBody = c.spoil, c.body
			if strings.Contains(c.name, "while") {
				current, b.unversioned = b, true
			}
			got, err := readAll(t.Context(), o)
			if c.want == nil {
				if err != nil || got != content {
					t.Fatalf("%d of %d bytes: %v", len(got), len(content), err)
				}
				f := o.Acquired().More
				if c.attempts >= 0 && f["attempts"] != max(c.attempts, 1) || f["checksum_verified"] == "size" {
					t.Errorf("attempts %v, want %d; verified %v", f["attempts"], max(c.attempts, 1), f["checksum_verified"])
				}
				return
			}
			var oe *source.ObjectError
			if err == nil || !errors.As(err, &oe) || c.want != errAny && !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error(), c.says) || strings.Count(err.Error(), "\n") > 1 {
				t.Errorf("error %q does not say %q, or says too much", err, c.says)
			}
			if o.Acquired().More["checksum_verified"] != nil {
				t.Error("a failed object has facts of a verification")
			}
			if s := src.Slices()[0]; s.State != source.Partial {
				t.Errorf("its slice is %s", s.State)
			}
			t.Log(err)
		})
	}
}

var errAny = errors.New("any")

// current is the stub whose object is overwritten while it is read.
var current *stub

func overwrite() func(*http.Request, http.Header, []byte) []byte {
	return func(_ *http.Request, _ http.Header, body []byte) []byte {
		current.versions["object"] = append([]version{{id: "v2", body: []byte(strings.ToUpper(content))}}, current.versions["object"]...)
		current.versions["object"] = current.versions["object"][:1]
		return body[:1000]
	}
}

func wrongRange() func(*http.Request, http.Header, []byte) []byte {
	return func(r *http.Request, h http.Header, body []byte) []byte {
		if h.Get("Content-Range") != "" {
			h.Set("Content-Range", "bytes 7-8/9")
		}
		return body[:len(body)/2]
	}
}

// stallOnce announces more than it sends and keeps the connection.
func stallOnce() func(*http.Request, http.Header, []byte) []byte {
	done := false
	return func(r *http.Request, h http.Header, body []byte) []byte {
		if done {
			return body
		}
		done = true
		h.Set("X-Stall", "1")
		return body[:len(body)/2]
	}
}

func TestListingFaults(t *testing.T) {
	for _, c := range []struct {
		code   string
		status int
		want   error
		says   string
	}{
		{"NoSuchBucket", 404, nil, "check the bucket's name"},
		{"AccessDenied", 403, s3.ErrDenied, "s3:ListBucket"},
		{"PermanentRedirect", 301, s3.ErrRegion, "--region eu-west-3"},
		{"ExpiredToken", 400, s3.ErrExpired, "renew"},
		{"SlowDown", 503, nil, "SlowDown"},
		{"SignatureDoesNotMatch", 403, nil, "--profile"},
	} {
		for _, w := range []cases.Span{{}, {From: at("2026-11-01T00:00")}} {
			b := newStub()
			b.put("object", "x")
			b.spoil = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == "HEAD" {
					return false
				}
				fail(w, c.status, c.code, "said the server")
				return true
			}
			n := 0
			var last error
			for _, err := range b.source(t, s3.Options{}).Objects(t.Context(), w) {
				n, last = n+1, err
			}
			var oe *source.ObjectError
			if n != 1 || last == nil || errors.As(last, &oe) || c.want != nil && !errors.Is(last, c.want) || !strings.Contains(last.Error(), c.says) {
				t.Errorf("%s: %d pairs, the last %v", c.code, n, last)
			}
		}
	}
}

func TestListingIsAskedForAgain(t *testing.T) {
	t.Run("busy at first", func(t *testing.T) {
		b, n := newStub(), 0
		b.put("object", "x")
		b.spoil = func(w http.ResponseWriter, r *http.Request) bool {
			if n++; n%3 != 0 {
				fail(w, 503, "SlowDown", "slow down")
			}
			return n%3 != 0
		}
		only(t, b.source(t, s3.Options{}))
	})
	t.Run("an answer that breaks off", func(t *testing.T) {
		b, n := newStub(), 0
		b.put("object", "x")
		b.spoil = func(w http.ResponseWriter, r *http.Request) bool {
			if n++; n > 1 {
				return false
			}
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "<ListBucketResult><Contents>")
			return true
		}
		only(t, b.source(t, s3.Options{}))
	})
}

func TestTheSamePageAgainAndAgain(t *testing.T) {
	b := newStub()
	b.spoil = func(w http.ResponseWriter, r *http.Request) bool {
		fmt.Fprint(w, "<ListBucketResult><IsTruncated>true</IsTruncated>"+
			"<NextContinuationToken>same</NextContinuationToken></ListBucketResult>")
		return true
	}
	for _, err := range b.source(t, s3.Options{}).Objects(t.Context(), cases.Span{}) {
		if err == nil || !strings.Contains(err.Error(), "cut short") {
			t.Error(err)
		}
	}
}

func TestCancelledWhileReading(t *testing.T) {
	b := newStub()
	b.add("object", whole())
	o := only(t, b.source(t, s3.Options{}))
	ctx, cancel := context.WithCancel(t.Context())
	r, err := o.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(r); !errors.Is(err, context.Canceled) {
		t.Errorf("read on after cancel: %v", err)
	}
}

// TestFacts holds what is recorded of an object, and that no secret is.
func TestFacts(t *testing.T) {
	b := newStub()
	v := whole()
	v.header["x-amz-object-lock-mode"] = "COMPLIANCE"
	v.header["x-amz-object-lock-retain-until-date"] = "2027-01-02T03:04:05.000Z"
	v.header["x-amz-server-side-encryption"] = "aws:kms"
	v.header["x-amz-server-side-encryption-aws-kms-key-id"] = "arn:aws:kms:eu-west-1:123456789012:key/k"
	v.header["Date"] = time.Now().Add(20 * time.Minute).UTC().Format(http.TimeFormat)
	b.add("object", v)
	o := only(t, b.source(t, s3.Options{Region: "eu-central-1"}))
	listing := o.Listed()
	if listing.ETag != v.etag() || !listing.LastModified.Equal(epoch) || listing.VersionID != "" {
		t.Errorf("listed %+v", listing)
	}
	read(t, o)
	f := o.Acquired()
	if f.Kind != "s3" || f.VersionID != listing.VersionID || f.More["version_id"] != "v1" || f.ETag != v.etag() {
		t.Errorf("%+v", f)
	}
	for name, want := range map[string]any{
		"bucket":                   "bucket",
		"key":                      "object",
		"storage_class":            "STANDARD",
		"region":                   "eu-central-1",
		"host_id":                  "HOST",
		"attempts":                 1,
		"http_status":              200,
		"sse":                      "aws:kms",
		"sse_kms_key_id":           "arn:aws:kms:eu-west-1:123456789012:key/k",
		"object_lock_mode":         "COMPLIANCE",
		"object_lock_retain_until": "2027-01-02T03:04:05Z",
		"checksum_algorithm":       "CRC32",
		"checksum_value":           crc32Of([]byte(content)),
		"checksum_type":            "FULL_OBJECT",
		"checksum_verified":        "full",
	} {
		if f.More[name] != want {
			t.Errorf("%s: %v, want %v", name, f.More[name], want)
		}
	}
	if skew, _ := f.More["clock_skew_ms"].(int64); skew < 19*60_000 || skew > 21*60_000 {
		t.Errorf("clock skew %v", f.More["clock_skew_ms"])
	}
	text, err := json.Marshal(f.More)
	if err != nil || strings.Contains(string(text), "canary") || strings.Contains(string(text), "CANARY") || strings.Contains(string(text), "X-Amz") {
		t.Errorf("%v %s", err, text)
	}
}
