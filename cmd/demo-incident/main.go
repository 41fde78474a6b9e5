// Generate writes the demo incident: two captures in real log formats, as one archive that package demo
// embeds.
//
// The story is played, not tabulated: a world has hosts, names with lifetimes and a clock; actors call each other
// at their own times; the logs are what AWS would have recorded of it. One file per actor or act, one per log.
//
// Rules:
//   - Everything follows from the seeds. There is no clock, no map order and no floating point in it, so that every
//     machine writes the same bytes.
//   - Each actor draws from its own random source: changing one leaves the others as they were.
//   - What AWS does not record is not written: no query answered from the Resolver's cache, no flow to the
//     Resolver, to the instance metadata or to the time service.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: demo-incident FILE.tar.zst")
		os.Exit(2)
	}
	if err := writeArchive(os.Args[1], members()); err != nil {
		fmt.Fprintln(os.Stderr, "demo-incident:", err)
		os.Exit(1)
	}
}

// members plays both captures and gives the files they leave behind, by path.
func members() []member {
	return append(incident().members("incident"), replay().members("replay")...)
}

func incident() *world {
	w := incidentWorld()
	w.customers()
	w.office()
	w.agents()
	w.housekeeping()
	w.inside()
	w.backgroundNoise()
	w.publicZone()
	w.beta()
	w.stagingAgent()

	w.exploit()
	w.recon()
	w.entry()
	w.beacon()
	w.lateral()
	w.tunnel()
	w.upload()
	w.losses()
	w.run()
	return w
}
