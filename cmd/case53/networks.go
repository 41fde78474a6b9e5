package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"case53/cases/safetext"
	"case53/cases/words"
	"case53/cases/writer"
	"case53/loader/networks"
)

// addPlaceFlags gives load the files that say whose addresses are.
func addPlaceFlags(c *cobra.Command) {
	c.Flags().StringArray("mmdb", nil, "a MaxMind DB `FILE` (GeoLite2, GeoIP2, DB-IP, IPinfo): countries and AS of addresses; may be repeated")
	c.Flags().StringArray("ip-ranges", nil, "AWS's ip-ranges.json: services and regions of addresses; may be repeated")
}

// placeFiles opens the files of addPlaceFlags.
func placeFiles(c *cobra.Command) ([]*networks.File, error) {
	var files []*networks.File
	for _, kind := range []struct {
		flag string
		open func(string, []byte) (*networks.File, error)
	}{{"mmdb", networks.MMDB}, {"ip-ranges", networks.Ranges}} {
		paths, _ := c.Flags().GetStringArray(kind.flag)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			f, err := kind.open(path, text)
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
	}
	return files, nil
}

// addPlaces puts the files into a case.
func addPlaces(ctx context.Context, w *writer.Writer, files []*networks.File, stderr io.Writer) error {
	for _, f := range files {
		n, added, err := w.AddNetworks(ctx, f.Case(), f.Bytes, f.Networks())
		if err != nil {
			return err
		}
		note := ""
		if !added {
			note = ", already there"
		}
		fmt.Fprintf(stderr, "%s: %s of %s, %s networks%s\n",
			safetext.Show(f.Name), safetext.Show(f.DatabaseType), f.Built.Format("2006-01-02"), words.Count(n), note)
	}
	return nil
}
