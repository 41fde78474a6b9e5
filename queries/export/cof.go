package export

func cofTool() Tool {
	return Tool{
		Name:  "cof",
		Title: "passive DNS tools: Common Output Format (draft-dulaunoy-dnsop-passive-dns-cof), a JSON object a line",
		Loses: "who asked, and when beside the first and last time; zone records, which have no answers",
		begin: func(r *run) (recordWriter, error) { return newLines(r) },
	}
}
