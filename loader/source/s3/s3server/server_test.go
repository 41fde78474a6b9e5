package s3server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader"
	"case53/loader/source"
	"case53/loader/source/s3"
)

// The server of all tests: one per process is all that versitygw can do. Its buckets are folders below root.
var (
	root       string
	address    string
	deliveries = map[string]*delivered{} // by bucket
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "pull-and-be-killed" {
		os.Exit(pullAndBeKilled(os.Args[2:]))
	}
	dir, err := os.MkdirTemp("", "case53-s3server-")
	if err != nil {
		panic(err)
	}
	if err := start(dir); err != nil {
		fmt.Fprintln(os.Stderr, "versitygw:", err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// start runs the server for as long as the process lives.
func start(dir string) error {
	root = filepath.Join(dir, "buckets")
	versions := filepath.Join(dir, "versions")
	for _, d := range []string{root, versions} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return err
		}
	}
	free, err := net.Listen("tcp", "127.0.0.1:0") // the server wants a port by its number
	if err != nil {
		return err
	}
	address = free.Addr().String()
	free.Close()
	backend, err := posix.New(root, meta.XattrMeta{}, posix.PosixOpts{VersioningDir: versions})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		ended <- embedgw.RunVersityGW(context.Background(), backend, &embedgw.Config{
			RootUserAccess:    "test",
			RootUserSecret:    "secret",
			Region:            "eu-central-1",
			Ports:             []string{address},
			MaxConnections:    1024,
			MaxRequests:       512,
			MultipartMaxParts: 10000,
			Quiet:             true,
			KeepAlive:         true,
		})
	}()
	for range 200 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("did not start: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("did not answer on %s", address)
}

func client(endpoint string) *awss3.Client {
	return awss3.New(awss3.Options{
		BaseEndpoint: aws.String("http://" + endpoint), Region: "eu-central-1", UsePathStyle: true, RetryMaxAttempts: 3,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "secret"}, nil
		}),
	})
}

// bucket makes a bucket of the test's own.
func bucket(t testing.TB, name string, versioned bool) *awss3.Client {
	t.Helper()
	c := client(address)
	if _, err := c.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	if versioned {
		if _, err := c.PutBucketVersioning(t.Context(), &awss3.PutBucketVersioningInput{
			Bucket:                  &name,
			VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		}); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func put(t testing.TB, c *awss3.Client, bucket, key string, body []byte, with ...func(*awss3.PutObjectInput)) {
	t.Helper()
	in := &awss3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(body)}
	for _, w := range with {
		w(in)
	}
	if _, err := c.PutObject(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

// putAll puts many objects, several at a time.
func putAll(t testing.TB, c *awss3.Client, bucket string, objects map[string][]byte) {
	t.Helper()
	keys, wg := make(chan string), sync.WaitGroup{}
	for range 4 {
		wg.Go(func() {
			for k := range keys {
				put(t, c, bucket, k, objects[k])
			}
		})
	}
	for k := range objects {
		keys <- k
	}
	close(keys)
	wg.Wait()
}

// all lists a source whole, in all of time.
func all(t testing.TB, src source.Source) (out []source.Remote) {
	t.Helper()
	for o, err := range src.Objects(t.Context(), cases.Span{}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, o.(source.Remote))
	}
	return out
}

func read(ctx context.Context, o source.Object) ([]byte, error) {
	r, err := o.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// counted counts the objects that are opened.
type counted struct {
	*s3.Source
	mu     sync.Mutex
	opened []string
}

type countedObject struct {
	source.Remote
	by *counted
}

func (c *counted) Objects(ctx context.Context, w cases.Span) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		for o, err := range c.Source.Objects(ctx, w) {
			if err == nil {
				o = countedObject{o.(source.Remote), c}
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

func (o countedObject) Open(ctx context.Context) (io.ReadCloser, error) {
	o.by.mu.Lock()
	o.by.opened = append(o.by.opened, o.URI())
	o.by.mu.Unlock()
	return o.Remote.Open(ctx)
}

// pull loads a window of a source into a case through the program's own pipeline.
func pull(ctx context.Context, target string, src source.Source, w cases.Span) (loader.Report, error) {
	writer, err := writer.Open(ctx, target, loader.Schemas())
	if err != nil {
		return loader.Report{}, err
	}
	report, err := loader.Load(ctx, writer, loader.Plan{Sources: []source.Source{src}, Window: w, Capture: "incident", Role: "incident"}, nil)
	if e := writer.Close(); err == nil {
		err = e
	}
	return report, err
}

func states(src *s3.Source) map[source.State]int {
	out := map[source.State]int{}
	for _, s := range src.Slices() {
		out[s.State]++
	}
	return out
}
