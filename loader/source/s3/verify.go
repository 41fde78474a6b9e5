package s3

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// How far an object's bytes were compared with what the provider knows of them.
const (
	levelFull  = "full"     // a checksum of the whole object
	levelParts = "parts"    // checksums of the parts it was uploaded in, and of these
	levelETag  = "etag-md5" // the MD5 that the ETag of an object is that came in one piece
	levelSize  = "size"     // nothing but its size
)

// checksum is one that the provider keeps.
type checksum struct {
	algorithm, value string // value in base64, with -N when it is of N parts
	composite        bool
	new              func() hash.Hash
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	nvme       = crc64.MakeTable(0x9a6c9329ac4bc9b5)
)

// algorithms are those we can compute, the strongest first: an object may have several.
var algorithms = []struct {
	name string
	new  func() hash.Hash
	of   func(*s3.GetObjectOutput) *string
}{
	{"SHA512", sha512.New, func(o *s3.GetObjectOutput) *string { return o.ChecksumSHA512 }},
	{"SHA256", sha256.New, func(o *s3.GetObjectOutput) *string { return o.ChecksumSHA256 }},
	{"SHA1", sha1.New, func(o *s3.GetObjectOutput) *string { return o.ChecksumSHA1 }},
	{"MD5", md5.New, func(o *s3.GetObjectOutput) *string { return o.ChecksumMD5 }},
	{"CRC64NVME", func() hash.Hash { return crc64.New(nvme) }, func(o *s3.GetObjectOutput) *string { return o.ChecksumCRC64NVME }},
	{"CRC32C", func() hash.Hash { return crc32.New(castagnoli) }, func(o *s3.GetObjectOutput) *string { return o.ChecksumCRC32C }},
	{"CRC32", func() hash.Hash { return crc32.NewIEEE() }, func(o *s3.GetObjectOutput) *string { return o.ChecksumCRC32 }},
}

// others are checksums that we record and cannot compute.
func others(o *s3.GetObjectOutput) (name string, value *string) {
	switch {
	case o.ChecksumXXHASH128 != nil:
		return "XXHASH128", o.ChecksumXXHASH128
	case o.ChecksumXXHASH3 != nil:
		return "XXHASH3", o.ChecksumXXHASH3
	case o.ChecksumXXHASH64 != nil:
		return "XXHASH64", o.ChecksumXXHASH64
	}
	return "", nil
}

// provided is the checksum that came with an object.
func provided(o *s3.GetObjectOutput) (c checksum, ok bool) {
	for _, a := range algorithms {
		if v := a.of(o); v != nil && *v != "" {
			return checksum{a.name, *v, o.ChecksumType == types.ChecksumTypeComposite || strings.Contains(*v, "-"), a.new}, true
		}
	}
	return checksum{}, false
}

var (
	plainETag = regexp.MustCompile(`^"?([0-9a-f]{32})"?$`)
	partsETag = regexp.MustCompile(`^"?([0-9a-f]{32})-(\d+)"?$`)
)

// verifier compares the bytes that pass through it with what the provider said of them.
type verifier struct {
	level string
	what  string // the checksum's name, for the error
	want  []byte
	whole hash.Hash // nil: only the size is known

	parts []int64   // sizes of the parts that are still to come, when there are parts
	piece hash.Hash // of the part under way
	left  int64     // bytes of the part under way
}

// verify makes the verifier of an object whose body is about to be read, as strict as what is known allows.
func (s *Source) verify(ctx context.Context, e entry, o *s3.GetObjectOutput) *verifier {
	// With these the ETag is no MD5 of the bytes.
	opaque := o.ServerSideEncryption == types.ServerSideEncryptionAwsKms ||
		o.ServerSideEncryption == types.ServerSideEncryptionAwsKmsDsse || o.SSECustomerAlgorithm != nil
	etag := aws.ToString(o.ETag)
	c, ok := provided(o)
	switch {
	case ok && !c.composite:
		if want, err := base64.StdEncoding.DecodeString(c.value); err == nil {
			return &verifier{level: levelFull, what: c.algorithm + " checksum", want: want, whole: c.new()}
		}
	case ok:
		value, n, _ := strings.Cut(c.value, "-")
		count, _ := strconv.Atoi(n)
		if want, err := base64.StdEncoding.DecodeString(value); err == nil {
			if parts := s.partSizes(ctx, e, o, count); parts != nil {
				return inParts(c.algorithm+" checksum of its parts", want, parts, c.new)
			}
		}
	}
	if m := plainETag.FindStringSubmatch(etag); m != nil && !opaque && !ok {
		want, _ := hex.DecodeString(m[1])
		return &verifier{level: levelETag, what: "ETag, an MD5", want: want, whole: md5.New()}
	}
	if m := partsETag.FindStringSubmatch(etag); m != nil && !opaque {
		want, _ := hex.DecodeString(m[1])
		count, _ := strconv.Atoi(m[2])
		if parts := s.partSizes(ctx, e, o, count); parts != nil {
			return inParts("ETag, an MD5 of its parts'", want, parts, md5.New)
		}
	}
	return &verifier{level: levelSize}
}

func inParts(what string, want []byte, parts []int64, new func() hash.Hash) *verifier {
	return &verifier{level: levelParts, what: what, want: want, whole: new(), parts: parts[1:], piece: new(), left: parts[0]}
}

// maxParts is how many parts are asked for one by one. A log is some ten megabytes.
const maxParts = 64

// partSizes asks in which parts an object was uploaded: at once, or where that is not allowed or not kept, part by
// part. nil when it cannot be known.
func (s *Source) partSizes(ctx context.Context, e entry, o *s3.GetObjectOutput, count int) []int64 {
	sizes := s.partAttributes(ctx, e, o)
	if len(sizes) != count && count <= maxParts {
		sizes = sizes[:0]
		for n := int32(1); int(n) <= count; n++ {
			in := &s3.HeadObjectInput{Bucket: &s.opt.Bucket, Key: &e.key, VersionId: o.VersionId, PartNumber: &n, IfMatch: o.ETag, RequestPayer: s.payer()}
			var head *s3.HeadObjectOutput
			if _, err := s.retrying(ctx, func(ctx context.Context) (err error) {
				head, err = s.client.HeadObject(ctx, in, ours)
				return err
			}); err != nil || head.ContentLength == nil || int(aws.ToInt32(head.PartsCount)) != count {
				return nil
			}
			sizes = append(sizes, *head.ContentLength)
		}
	}
	total := int64(0)
	for _, n := range sizes {
		total += n
	}
	if count < 1 || len(sizes) != count || total != aws.ToInt64(o.ContentLength) {
		return nil
	}
	return sizes
}

func (s *Source) partAttributes(ctx context.Context, e entry, o *s3.GetObjectOutput) (sizes []int64) {
	in := &s3.GetObjectAttributesInput{Bucket: &s.opt.Bucket, Key: &e.key, VersionId: o.VersionId, RequestPayer: s.payer(),
		ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesObjectParts, types.ObjectAttributesEtag}}
	for {
		var out *s3.GetObjectAttributesOutput
		if _, err := s.retrying(ctx, func(ctx context.Context) (err error) {
			out, err = s.client.GetObjectAttributes(ctx, in, ours)
			return err
		}); err != nil || out.ObjectParts == nil || strings.Trim(aws.ToString(out.ETag), `"`) != strings.Trim(aws.ToString(o.ETag), `"`) {
			return nil
		}
		for _, p := range out.ObjectParts.Parts {
			sizes = append(sizes, aws.ToInt64(p.Size))
		}
		next := out.ObjectParts.NextPartNumberMarker
		if !aws.ToBool(out.ObjectParts.IsTruncated) || next == nil || aws.ToString(next) == aws.ToString(in.PartNumberMarker) {
			return sizes
		}
		in.PartNumberMarker = next
	}
}

// Write takes the next bytes.
func (v *verifier) Write(p []byte) {
	if v.whole == nil {
		return
	}
	if v.level != levelParts {
		v.whole.Write(p)
		return
	}
	for {
		n := min(int64(len(p)), v.left)
		v.piece.Write(p[:n])
		p, v.left = p[n:], v.left-n
		if v.left > 0 || len(v.parts) == 0 {
			return
		}
		v.endPart()
	}
}

func (v *verifier) endPart() {
	v.whole.Write(v.piece.Sum(nil))
	v.piece.Reset()
	if len(v.parts) > 0 {
		v.left, v.parts = v.parts[0], v.parts[1:]
	}
}

// end compares what was read.
func (v *verifier) end() error {
	if v.whole == nil {
		return nil
	}
	if v.level == levelParts {
		v.endPart()
	}
	if got := v.whole.Sum(nil); string(got) != string(v.want) {
		return fmt.Errorf("%w: %s is %x, the bytes that came give %x", ErrChecksum, v.what, v.want, got)
	}
	return nil
}
