package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// member is one file of a capture. Files named .gz are plain here: the archive compresses them far better
// together, and package demo makes them gzip when it unpacks them.
type member struct {
	path string
	text []byte
}

// hash8 is the part of an object's name that AWS makes random; here it follows from the content.
func hash8(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

// writeTar writes the members without times, owners or anything else that is not in the story.
func writeTar(to io.Writer, members []member) error {
	t := tar.NewWriter(to)
	for _, m := range members {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: m.path, Mode: 0o600, Size: int64(len(m.text)), Format: tar.FormatPAX}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := t.Write(m.text); err != nil {
			return err
		}
	}
	return t.Close()
}

func writeArchive(path string, members []member) error {
	var packed bytes.Buffer
	z, err := zstd.NewWriter(&packed, zstd.WithEncoderLevel(zstd.SpeedBestCompression),
		zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(32<<20))
	if err != nil {
		return err
	}
	if err := writeTar(z, members); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, packed.Bytes(), 0o644)
}
