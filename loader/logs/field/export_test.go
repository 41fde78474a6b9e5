package field

import "testing"

func TestExport(t *testing.T) {
	e := Export{Own: OwnColumns(`COMMENT ON COLUMN flow.srcaddr IS 'x'; COMMENT ON COLUMN flow.object_id IS 'x';
		COMMENT ON COLUMN flow."row_no" IS 'x'; COMMENT ON COLUMN flow.extra IS 'x'; COMMENT ON COLUMN flow.utf8_escaped IS
		'x'; COMMENT ON COLUMN other.thing IS 'x';`, "flow", func(name string) bool { return name == "srcaddr" })}
	if len(e.Own) != 4 || e.Own["srcaddr"] || e.Own["thing"] || !e.Own["row_no"] {
		t.Fatal(e.Own)
	}
	member := func(extra, name, value string) string {
		from := len(extra)
		if from > 1 {
			extra += ","
		}
		extra += `"` + name + `":` + value
		e.Note([]byte(name), []byte(value), from, len(extra))
		return extra
	}
	for _, c := range []struct {
		members [][2]string
		is      bool
		extra   string // what is left; "-": an error
	}{
		{[][2]string{{"object_id", "1"}, {"row_no", "2"}, {"extra", "null"}, {"utf8_escaped", "true"}}, true, "{"},
		{[][2]string{{"extra", `"{\"a\":1}"`}, {"object_id", "1"}, {"row_no", "2"}}, true, `{"a":1`},
		{[][2]string{{"new", "1"}, {"extra", `"{\"a\":1,\"b\":\"\\\\\"}"`}, {"object_id", "1"}, {"more", "[]"}, {"row_no", "2"}}, true,
			`{"a":1,"b":"\\","new":1,"more":[]`},
		{[][2]string{{"object_id", "1"}, {"new", "1"}, {"row_no", "2"}, {"new2", "2"}}, true, `{"new":1,"new2":2`},
		{[][2]string{{"extra", `"{}"`}, {"object_id", "1"}, {"row_no", "2"}}, true, `{`},
		{[][2]string{{"extra", `"[]"`}, {"object_id", "1"}, {"row_no", "2"}}, true, `-`},
		{[][2]string{{"extra", `"{"`}, {"object_id", "1"}, {"row_no", "2"}}, true, `-`},
		{[][2]string{{"object_id", "1"}, {"extra", "1"}}, false, ""},
		{[][2]string{{"row_no", "1"}}, false, ""},
		{nil, false, ""},
	} {
		e.Reset()
		extra := "{"
		for _, m := range c.members {
			extra = member(extra, m[0], m[1])
		}
		if e.Is() != c.is {
			t.Errorf("%v: is an export %v", c.members, e.Is())
		}
		if !c.is {
			continue
		}
		got, err := e.Extra([]byte(extra))
		if (err != nil) != (c.extra == "-") || err == nil && string(got) != c.extra {
			t.Errorf("%v: extra %s, %v", c.members, got, err)
		}
	}
	e.Reset()
	member("{", "utf8_escaped", `"true"`)
	if !e.Flag("utf8_escaped") || e.Text("extra") != nil {
		t.Error("a flag from CSV")
	}
}
