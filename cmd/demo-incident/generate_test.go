package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// TestArchiveIsWhatTheProgramWrites compares what is in the archive; its compression may change with the library.
func TestArchiveIsWhatTheProgramWrites(t *testing.T) {
	f, err := os.Open("../case53/demo/incident.tar.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	embedded, generated := sha256.New(), sha256.New()
	if _, err := io.Copy(embedded, z); err != nil {
		t.Fatal(err)
	}
	if err := writeTar(generated, members()); err != nil {
		t.Fatal(err)
	}
	if want, got := hex.EncodeToString(embedded.Sum(nil)), hex.EncodeToString(generated.Sum(nil)); want != got {
		t.Errorf("the archive holds %s, the program writes %s: run go generate in the demo folder", want, got)
	}
}
