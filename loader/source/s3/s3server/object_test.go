package s3server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"case53/cases"
	"case53/loader"
	"case53/loader/source"
	"case53/loader/source/s3"
	"case53/loader/source/sourcetest"
)

func TestSource(t *testing.T) {
	for _, versions := range []bool{false, true} {
		t.Run(fmt.Sprintf("versions %t", versions), func(t *testing.T) {
			name := fmt.Sprintf("suite-%t", versions)
			c := bucket(t, name, versions)
			want := sourcetest.Want{Objects: map[string][]byte{}}
			for key, uri := range map[string]string{"a/b.log": "a/b.log", "a b": "a%20b", "ä?": "%C3%A4%3F", "year=2026/x": "year=2026/x", "a+b%": "a+b%25"} {
				put(t, c, name, key, []byte("bytes of "+key))
				want.Objects["s3://"+name+"/"+uri] = []byte("bytes of " + key)
			}
			sourcetest.Run(t, s3.New(c, s3.Options{Places: loader.Places(), Bucket: name, AllVersions: versions}), want)
		})
	}
}

// TestChecksums: what the server keeps of an object, how far we verify it, and that a byte which changes on its disk
// is noticed.
func TestChecksums(t *testing.T) {
	c := bucket(t, "checksums", false)
	body := bytes.Repeat([]byte("0123456789abcdef"), 12<<16) // 12 MiB
	with := func(a types.ChecksumAlgorithm) func(*awss3.PutObjectInput) {
		return func(in *awss3.PutObjectInput) { in.ChecksumAlgorithm = a }
	}
	levels := map[string]string{}
	for _, a := range []types.ChecksumAlgorithm{
		types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme,
		types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256,
	} {
		put(t, c, "checksums", "whole/"+string(a), body, with(a))
		levels["whole/"+string(a)] = "full"
	}
	for _, a := range []types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmSha256} {
		upload(t, c, "checksums", "parts/"+string(a), body, a)
		levels["parts/"+string(a)] = "parts"
	}
	upload(t, c, "checksums", "parts/"+string(types.ChecksumAlgorithmCrc64nvme), body, types.ChecksumAlgorithmCrc64nvme)
	levels["parts/"+string(types.ChecksumAlgorithmCrc64nvme)] = "full" // S3 keeps this one of the whole object
	src := s3.New(c, s3.Options{Places: loader.Places(), Bucket: "checksums"})
	for _, o := range all(t, src) {
		key := strings.TrimPrefix(o.URI(), "s3://checksums/")
		t.Run(key, func(t *testing.T) {
			got, err := read(t.Context(), o)
			if err != nil || !bytes.Equal(got, body) {
				t.Fatalf("%d bytes: %v", len(got), err)
			}
			f := o.Acquired().More
			if f["checksum_verified"] != levels[key] || f["request_id"] == nil && f["http_status"] != 200 {
				t.Errorf("verified %v, want %s: %v", f["checksum_verified"], levels[key], f)
			}
			path := filepath.Join(root, "checksums", key)
			file, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := file.WriteAt([]byte("X"), 7_000_000); err != nil {
				t.Fatal(err)
			}
			file.Close()
			if _, err := read(t.Context(), o); !errors.Is(err, s3.ErrChecksum) {
				t.Errorf("a byte was changed on the server's disk: %v", err)
			} else {
				t.Log(err)
			}
			if s := src.Slices()[0]; s.State != source.Partial {
				t.Errorf("its slice is %s", s.State)
			}
		})
	}
}

// upload puts an object in parts of 5 MiB.
func upload(t *testing.T, c *awss3.Client, bucket, key string, body []byte, a types.ChecksumAlgorithm) {
	t.Helper()
	in := &awss3.CreateMultipartUploadInput{Bucket: &bucket, Key: &key, ChecksumAlgorithm: a}
	up, err := c.CreateMultipartUpload(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var parts []types.CompletedPart
	for n := int32(1); len(body) > 0; n++ {
		size := min(5<<20, len(body))
		out, err := c.UploadPart(t.Context(), &awss3.UploadPartInput{
			Bucket:            &bucket,
			Key:               &key,
			UploadId:          up.UploadId,
			PartNumber:        &n,
			Body:              bytes.NewReader(body[:size]),
			ChecksumAlgorithm: a,
		})
		if err != nil {
			t.Fatal(err)
		}
		body = body[size:]
		parts = append(parts, types.CompletedPart{
			PartNumber:        aws.Int32(n),
			ETag:              out.ETag,
			ChecksumCRC32:     out.ChecksumCRC32,
			ChecksumSHA256:    out.ChecksumSHA256,
			ChecksumCRC64NVME: out.ChecksumCRC64NVME,
		})
	}
	if _, err := c.CompleteMultipartUpload(t.Context(), &awss3.CompleteMultipartUploadInput{
		Bucket:          &bucket,
		Key:             &key,
		UploadId:        up.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	}); err != nil {
		t.Fatal(err)
	}
}

func TestStoredAsItIs(t *testing.T) {
	c := bucket(t, "encoded", false)
	gz := packed("compressed\n")
	put(t, c, "encoded", "x.gz", gz, func(in *awss3.PutObjectInput) { in.ContentEncoding = aws.String("gzip") })
	got, err := read(t.Context(), all(t, s3.New(c, s3.Options{Places: loader.Places(), Bucket: "encoded"}))[0])
	if err != nil || !bytes.Equal(got, gz) {
		t.Errorf("%q, want the gzip bytes: %v", got, err)
	}
}

func TestOverwrittenAndGone(t *testing.T) {
	c := bucket(t, "changes", false)
	put(t, c, "changes", "overwritten", []byte("first"))
	put(t, c, "changes", "removed", []byte("first"))
	objects := all(t, s3.New(c, s3.Options{Places: loader.Places(), Bucket: "changes"}))
	put(t, c, "changes", "overwritten", []byte("other"))
	if _, err := c.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String("changes"), Key: aws.String("removed")}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{s3.ErrChanged, s3.ErrGone} {
		if _, err := read(t.Context(), objects[i]); !errors.Is(err, want) {
			t.Errorf("%s: %v", objects[i].URI(), err)
		}
	}
}

// TestVersions: what was overwritten and what a delete marker hides comes too, over several pages of the server's.
func TestVersions(t *testing.T) {
	c := bucket(t, "versions", true)
	want := map[string]string{}
	for i := range 600 {
		key := fmt.Sprintf("k%03d", i)
		put(t, c, "versions", key, []byte(key+" first"))
		put(t, c, "versions", key, []byte(key+" second"))
		if i%3 == 0 {
			if _, err := c.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String("versions"), Key: &key}); err != nil {
				t.Fatal(err)
			}
		}
		want[key+" first"], want[key+" second"] = key, key
	}
	if n := len(all(t, s3.New(c, s3.Options{Places: loader.Places(), Bucket: "versions"}))); n != 400 {
		t.Errorf("%d current objects, want 400", n)
	}
	src := s3.New(c, s3.Options{Places: loader.Places(), Bucket: "versions", AllVersions: true})
	deleted := 0
	for _, o := range all(t, src) {
		b, err := read(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(strings.TrimPrefix(o.URI(), "s3://versions/"), want[string(b)]) {
			t.Errorf("%s holds %q, or twice", o.URI(), b)
		}
		delete(want, string(b))
		if f := o.Acquired(); f.More["deleted"] != nil {
			deleted++
		}
	}
	if len(want) > 0 || deleted != 400 {
		t.Errorf("%d versions were not listed, %d are marked deleted", len(want), deleted)
	}
	if s := src.Slices(); len(s) != 1 || s[0].State != source.Complete || s[0].Objects != 1200 {
		t.Errorf("slices %+v", s)
	}
}

func TestRefused(t *testing.T) {
	for _, err := range s3.New(client(address), s3.Options{Places: loader.Places(), Bucket: "no-such-bucket"}).Objects(t.Context(), cases.Span{}) {
		if err == nil || !strings.Contains(err.Error(), "NoSuchBucket") {
			t.Error(err)
		}
	}
	bucket(t, "locked", false)
	wrong := awss3.New(client(address).Options(), func(o *awss3.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "canary"}, nil
		})
	})
	for _, err := range s3.New(wrong, s3.Options{Places: loader.Places(), Bucket: "locked"}).Objects(t.Context(), cases.Span{}) {
		if err == nil || !strings.Contains(err.Error(), "SignatureDoesNotMatch") || strings.Contains(err.Error(), "canary") {
			t.Error(err)
		}
	}
}
