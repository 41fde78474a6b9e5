package s3_test

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"hash"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"case53/loader/source/s3"
)

// stub is a bucket as S3 answers for it, as far as this package asks: what the real server of s3server proves by other
// means, and every answer of which a test can spoil.
type stub struct {
	mu          sync.Mutex
	versions    map[string][]version // by key, newest first
	pageSize    int
	twice       bool // a page of versions begins with what the one before ended with
	noParts     bool // GetObjectAttributes is denied
	unversioned bool
	requests    []string
	spoil       func(w http.ResponseWriter, r *http.Request) bool // true: answered
	spoilBody   func(r *http.Request, header http.Header, body []byte) []byte
}

type version struct {
	id     string
	body   []byte
	marker bool
	header map[string]string
	parts  []int // sizes of the parts it was uploaded in
	class  string
	mod    time.Time
}

func (v version) etag() string {
	if v.parts == nil {
		sum := md5.Sum(v.body)
		return `"` + hex.EncodeToString(sum[:]) + `"`
	}
	return `"` + hex.EncodeToString(overParts(md5.New(), v)) + "-" + strconv.Itoa(len(v.parts)) + `"`
}

// overParts is the digest of the parts' digests.
func overParts(h hash.Hash, v version) []byte {
	var digests []byte
	rest := v.body
	for _, n := range v.parts {
		h.Reset()
		h.Write(rest[:n])
		digests, rest = h.Sum(digests), rest[n:]
	}
	h.Reset()
	h.Write(digests)
	return h.Sum(nil)
}

func crc32Of(b []byte) string {
	h := crc32.NewIEEE()
	h.Write(b)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

var epoch = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func newStub() *stub { return &stub{versions: map[string][]version{}, pageSize: 1000} }

func (b *stub) put(key string, body string) *version { return b.add(key, version{body: []byte(body)}) }

// lose takes away every version of an object, also while a listing is being answered.
func (b *stub) lose(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.versions[key] = nil
}

func (b *stub) add(key string, v version) *version {
	b.mu.Lock()
	defer b.mu.Unlock()
	v.id = fmt.Sprintf("v%d", len(b.versions[key])+1)
	v.mod = epoch
	if v.class == "" {
		v.class = "STANDARD"
	}
	b.versions[key] = append([]version{v}, b.versions[key]...)
	return &b.versions[key][0]
}

func (b *stub) remove(key string) { b.add(key, version{marker: true}) }

// serve starts the stub and gives a client of it.
func (b *stub) serve(t testing.TB) *awss3.Client {
	server := httptest.NewServer(b)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return awss3.New(awss3.Options{
		BaseEndpoint: aws.String(server.URL), Region: "eu-central-1", UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIACANARYCANARY", SecretAccessKey: "canary-secret", SessionToken: "canary-token"}, nil
		}),
	})
}

// source is the stub's bucket as a source that does not wait.
func (b *stub) source(t testing.TB, opt s3.Options) *s3.Source {
	opt.Bucket, opt.Places = "bucket", s3.Places
	src := s3.New(b.serve(t), opt)
	s3.NoWaiting(src)
	return src
}

func (b *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q := r.URL.Query()
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	b.requests = append(b.requests, r.Method+" "+key+"?"+r.URL.RawQuery)
	w.Header().Set("x-amz-request-id", "REQUEST"+strconv.Itoa(len(b.requests)))
	w.Header().Set("x-amz-id-2", "HOST")
	if b.spoil != nil && b.spoil(w, r) {
		return
	}
	switch {
	case key == "" && r.Method == "HEAD":
		w.Header().Set("x-amz-bucket-region", "eu-west-3")
	case key == "" && q.Has("versions"):
		b.listVersions(w, q)
	case key == "":
		b.listObjects(w, q)
	case q.Has("attributes"):
		b.attributes(w, r, key)
	default:
		b.object(w, r, key)
	}
}

func (b *stub) keys(prefix string) []string {
	var keys []string
	for k := range b.versions {
		if strings.HasPrefix(k, prefix) {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	return keys
}

func (b *stub) find(key, id string) *version {
	for i, v := range b.versions[key] {
		if id == "" || v.id == id {
			if v.marker {
				return nil
			}
			return &b.versions[key][i]
		}
	}
	return nil
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}

func encoded(q url.Values, s string) string {
	if q.Get("encoding-type") == "url" {
		s = url.QueryEscape(s)
	}
	var out strings.Builder
	xml.EscapeText(&out, []byte(s))
	return out.String()
}

func (b *stub) listObjects(w http.ResponseWriter, q url.Values) {
	max := b.pageSize
	if n, err := strconv.Atoi(q.Get("max-keys")); err == nil {
		max = min(n, max)
	}
	prefix, delimiter := q.Get("prefix"), q.Get("delimiter")
	token, _ := hex.DecodeString(q.Get("continuation-token"))
	after := string(token)
	var out strings.Builder
	n, last, truncated := 0, "", false
	for _, key := range b.keys(prefix) {
		v := b.find(key, "")
		if v == nil {
			continue
		}
		item, folder := key, false
		if i := strings.Index(key[len(prefix):], delimiter); delimiter != "" && i >= 0 {
			item, folder = key[:len(prefix)+i+1], true
		}
		if item <= after || item == last {
			continue
		}
		if n == max {
			truncated = true
			break
		}
		n, last = n+1, item
		if folder {
			fmt.Fprintf(&out, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", encoded(q, item))
		} else {
			fmt.Fprintf(&out, "<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>%s</ETag><Size>%d</Size><StorageClass>%s</StorageClass></Contents>",
				encoded(q, key), v.mod.Format("2006-01-02T15:04:05.000Z"), v.etag(), len(v.body), v.class)
		}
	}
	if truncated {
		fmt.Fprintf(&out, "<NextContinuationToken>%s</NextContinuationToken>", hex.EncodeToString([]byte(last)))
	}
	fmt.Fprintf(w, "<ListBucketResult><EncodingType>%s</EncodingType><IsTruncated>%t</IsTruncated>%s</ListBucketResult>",
		q.Get("encoding-type"), truncated, out.String())
}

// listVersions answers in S3's order: by key, the newest version first. A page ends within a key if need be.
func (b *stub) listVersions(w http.ResponseWriter, q url.Values) {
	prefix, delimiter := q.Get("prefix"), q.Get("delimiter")
	keyMarker, idMarker := q.Get("key-marker"), q.Get("version-id-marker")
	var out strings.Builder
	n, lastKey, lastID, truncated, passed := 0, "", "", false, keyMarker == ""
	for _, key := range b.keys(prefix) {
		if i := strings.Index(key[len(prefix):], delimiter); delimiter != "" && i >= 0 {
			if folder := key[:len(prefix)+i+1]; folder != lastKey && folder > keyMarker {
				fmt.Fprintf(&out, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", encoded(q, folder))
				lastKey = folder
			}
			continue
		}
		for i, v := range b.versions[key] {
			if key < keyMarker {
				continue
			}
			if !passed && key == keyMarker {
				at := v.id == idMarker
				passed = at
				if !at || !b.twice {
					continue
				}
			}
			if n == b.pageSize {
				truncated = true
				break
			}
			n, lastKey, lastID = n+1, key, v.id
			tag := "Version"
			if v.marker {
				tag = "DeleteMarker"
			}
			fmt.Fprintf(&out, "<%s><Key>%s</Key><VersionId>%s</VersionId><IsLatest>%t</IsLatest><LastModified>%s</LastModified>",
				tag, encoded(q, key), v.id, i == 0, v.mod.Format("2006-01-02T15:04:05.000Z"))
			if !v.marker {
				fmt.Fprintf(&out, "<ETag>%s</ETag><Size>%d</Size><StorageClass>%s</StorageClass>", v.etag(), len(v.body), v.class)
			}
			fmt.Fprintf(&out, "</%s>", tag)
		}
		passed = passed || key > keyMarker
		if truncated {
			break
		}
	}
	if truncated {
		fmt.Fprintf(&out, "<NextKeyMarker>%s</NextKeyMarker><NextVersionIdMarker>%s</NextVersionIdMarker>", encoded(q, lastKey), lastID)
	}
	fmt.Fprintf(w, "<ListVersionsResult><EncodingType>%s</EncodingType><IsTruncated>%t</IsTruncated>%s</ListVersionsResult>",
		q.Get("encoding-type"), truncated, out.String())
}

func (b *stub) object(w http.ResponseWriter, r *http.Request, key string) {
	v := b.find(key, r.URL.Query().Get("versionId"))
	if v == nil {
		fail(w, 404, "NoSuchKey", "The specified key does not exist.")
		return
	}
	if m := r.Header.Get("If-Match"); m != "" && m != v.etag() {
		fail(w, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
		return
	}
	if v.class == "GLACIER" {
		fail(w, 403, "InvalidObjectState", "The operation is not valid for the object's storage class")
		return
	}
	body, status, h := v.body, 200, w.Header()
	h.Set("ETag", v.etag())
	if !b.unversioned {
		h.Set("x-amz-version-id", v.id)
	}
	h.Set("Last-Modified", v.mod.Format(http.TimeFormat))
	if part, err := strconv.Atoi(r.URL.Query().Get("partNumber")); err == nil {
		from := 0
		for _, n := range v.parts[:part-1] {
			from += n
		}
		body, status = body[from:from+v.parts[part-1]], 206
		h.Set("x-amz-mp-parts-count", strconv.Itoa(len(v.parts)))
	}
	if from, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok {
		n, _ := strconv.Atoi(strings.TrimSuffix(from, "-"))
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", n, len(body)-1, len(body)))
		body, status = body[n:], 206
	}
	if r.Header.Get("x-amz-checksum-mode") == "ENABLED" && status == 200 {
		for name, value := range v.header {
			h.Set(name, value)
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if b.spoilBody != nil && r.Method == "GET" {
		body = b.spoilBody(r, h, slices.Clone(body))
	}
	w.WriteHeader(status)
	if r.Method == "GET" {
		w.Write(body)
	}
}

func (b *stub) attributes(w http.ResponseWriter, r *http.Request, key string) {
	v := b.find(key, r.URL.Query().Get("versionId"))
	if b.noParts || v == nil {
		fail(w, 403, "AccessDenied", "Access Denied")
		return
	}
	var out strings.Builder
	for i, n := range v.parts {
		fmt.Fprintf(&out, "<Part><PartNumber>%d</PartNumber><Size>%d</Size></Part>", i+1, n)
	}
	fmt.Fprintf(w, "<GetObjectAttributesResponse><ETag>%s</ETag>"+
		"<ObjectParts><IsTruncated>false</IsTruncated>%s</ObjectParts></GetObjectAttributesResponse>",
		strings.Trim(v.etag(), `"`), out.String())
}
