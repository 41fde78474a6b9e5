package source

import "strings"

// Never says why a file of this name and size in a folder is never a log: "" when it may be one. A source counts what it
// passes over for it; what was named by hand is never passed over.
func Never(name string, size int64) string {
	switch {
	case name == "aws-logs-write-test":
		return "aws-logs-write-test, written by an export to check its rights"
	case name == "ELBAccessLogTestFile":
		return "ELBAccessLogTestFile, written to check rights"
	case name == ".keep", name == ".gitkeep":
		return name + ", which only keeps its folder"
	case strings.HasSuffix(name, "_$folder$"):
		return "a folder's own key, written by Hadoop"
	case name == "_SUCCESS", strings.HasPrefix(name, "_committed_"), strings.HasPrefix(name, "_started_"):
		return "_SUCCESS and the like, written by a job when it began or ended"
	case strings.HasPrefix(name, "._"):
		return "._ files, which macOS writes beside others"
	case name == ".DS_Store", name == ".localized", name == "Icon\r",
		strings.EqualFold(name, "Thumbs.db"), strings.EqualFold(name, "ehthumbs.db"), strings.EqualFold(name, "desktop.ini"):
		return strings.TrimSuffix(name, "\r") + ", written by a file manager"
	case size == 0:
		return "empty"
	}
	return ""
}
