package cases

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"case53/cases/duck"
)

// CellOf gives a value of Rows as text.
func CellOf(v any) Cell {
	switch v := v.(type) {
	case nil:
		return Cell{Null: true}
	case string:
		return Cell{Text: v}
	case time.Time:
		return Cell{Text: v.UTC().Format("2006-01-02 15:04:05.999999")}
	case bool:
		return Cell{Text: strconv.FormatBool(v)}
	case int64:
		return Cell{Text: strconv.FormatInt(v, 10)}
	case uint64:
		return Cell{Text: strconv.FormatUint(v, 10)}
	case float64:
		return Cell{Text: strconv.FormatFloat(v, 'g', -1, 64)}
	case duck.Number:
		return Cell{Text: string(v)}
	case []byte:
		return Cell{Text: string(v)}
	default:
		b, err := JSON(JSONValue(v))
		if err != nil {
			return Cell{Text: err.Error()}
		}
		return Cell{Text: string(b)}
	}
}

// JSON writes JSON without the escapes that only matter in HTML: text from evidence stays as it is.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// JSONValue gives a value of Rows as encoding/json writes it: times in RFC 3339 UTC, integers of any size as numbers,
// bytes in hexadecimal digits, floats that JSON has no word for as text.
func JSONValue(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case duck.Number:
		return json.Number(v)
	case []byte:
		return hex.EncodeToString(v)
	case float64:
		if v != v || v > 1.7976931348623157e308 || v < -1.7976931348623157e308 {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		return v
	case duck.List:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = JSONValue(e)
		}
		return out
	case duck.Struct:
		out := make(jsonObject, len(v))
		for i, f := range v {
			out[i] = jsonField{f.Name, JSONValue(f.Value)}
		}
		return out
	default:
		return v
	}
}

// jsonObject is a JSON object that keeps the order of its fields.
type jsonObject []jsonField

type jsonField struct {
	name  string
	value any
}

func (o jsonObject) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, f := range o {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := JSON(f.name)
		if err != nil {
			return nil, err
		}
		value, err := JSON(f.value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}
