package duck

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// Number is a number that fits no Go number without loss (HUGEINT, UHUGEINT, DECIMAL), in decimal digits.
type Number string

// List is a LIST or ARRAY. A MAP is a List of Structs with the fields key and value.
type List []any

// Struct is a STRUCT with its fields in order.
type Struct []Field

// Field is a field of a Struct.
type Field struct {
	Name  string
	Value any
}

// reader gives the value of one row of a vector.
type reader func(row int) any

var typeNames = map[mapping.Type]string{
	mapping.TypeBoolean: "BOOLEAN", mapping.TypeTinyInt: "TINYINT", mapping.TypeSmallInt: "SMALLINT",
	mapping.TypeInteger: "INTEGER", mapping.TypeBigInt: "BIGINT", mapping.TypeUTinyInt: "UTINYINT",
	mapping.TypeUSmallInt: "USMALLINT", mapping.TypeUInteger: "UINTEGER", mapping.TypeUBigInt: "UBIGINT",
	mapping.TypeFloat: "FLOAT", mapping.TypeDouble: "DOUBLE", mapping.TypeTimestamp: "TIMESTAMP",
	mapping.TypeTimestampS: "TIMESTAMP_S", mapping.TypeTimestampMS: "TIMESTAMP_MS", mapping.TypeTimestampNS: "TIMESTAMP_NS",
	mapping.TypeTimestampTZ: "TIMESTAMPTZ", mapping.TypeDate: "DATE", mapping.TypeTime: "TIME",
	mapping.TypeInterval: "INTERVAL", mapping.TypeHugeInt: "HUGEINT", mapping.TypeUHugeInt: "UHUGEINT",
	mapping.TypeVarchar: "VARCHAR", mapping.TypeBlob: "BLOB", mapping.TypeDecimal: "DECIMAL", mapping.TypeEnum: "ENUM",
	mapping.TypeList: "LIST", mapping.TypeArray: "ARRAY", mapping.TypeStruct: "STRUCT", mapping.TypeMap: "MAP",
	mapping.TypeUUID: "UUID", mapping.TypeSQLNull: "NULL", mapping.TypeUnion: "UNION", mapping.TypeBit: "BIT",
	mapping.TypeTimeTZ: "TIMETZ", mapping.TypeBigNum: "BIGNUM", mapping.TypeVariant: "VARIANT",
}

func typeName(t mapping.Type) string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return fmt.Sprintf("TYPE %d", t)
}

// newReader makes the reader of a vector; it stays valid as long as the chunk.
func newReader(vec mapping.Vector, logical mapping.LogicalType) (reader, error) {
	value, err := newValue(vec, logical)
	if err != nil {
		return nil, err
	}
	mask := mapping.VectorGetValidity(vec)
	if mask == nil {
		return value, nil
	}
	words := (*[1 << 20]uint64)(mask)
	return func(row int) any {
		if words[row>>6]&(1<<(row&63)) == 0 {
			return nil
		}
		return value(row)
	}, nil
}

// at gives element row of a vector's data.
func at[T any](data unsafe.Pointer, row int) *T {
	var t T
	return (*T)(unsafe.Add(data, uintptr(row)*unsafe.Sizeof(t)))
}

func signed[T int8 | int16 | int32 | int64](data unsafe.Pointer) reader {
	return func(row int) any { return int64(*at[T](data, row)) }
}

func unsigned[T uint8 | uint16 | uint32](data unsafe.Pointer) reader {
	return func(row int) any { return int64(*at[T](data, row)) }
}

func newValue(vec mapping.Vector, logical mapping.LogicalType) (reader, error) {
	data := mapping.VectorGetData(vec)
	switch id := mapping.GetTypeId(logical); id {
	case mapping.TypeBoolean:
		return func(row int) any { return *at[bool](data, row) }, nil
	case mapping.TypeTinyInt:
		return signed[int8](data), nil
	case mapping.TypeSmallInt:
		return signed[int16](data), nil
	case mapping.TypeInteger:
		return signed[int32](data), nil
	case mapping.TypeBigInt:
		return signed[int64](data), nil
	case mapping.TypeUTinyInt:
		return unsigned[uint8](data), nil
	case mapping.TypeUSmallInt:
		return unsigned[uint16](data), nil
	case mapping.TypeUInteger:
		return unsigned[uint32](data), nil
	case mapping.TypeUBigInt:
		return func(row int) any { return *at[uint64](data, row) }, nil
	case mapping.TypeFloat:
		return func(row int) any { return float64(*at[float32](data, row)) }, nil
	case mapping.TypeDouble:
		return func(row int) any { return *at[float64](data, row) }, nil
	case mapping.TypeVarchar:
		return texts(data), nil
	case mapping.TypeBlob:
		return func(row int) any { return bytes.Clone(at[textRef](data, row).bytes()) }, nil
	case mapping.TypeHugeInt, mapping.TypeUHugeInt, mapping.TypeUUID, mapping.TypeDecimal:
		return wide(id, data, logical)
	case mapping.TypeTimestamp, mapping.TypeTimestampTZ, mapping.TypeTimestampS, mapping.TypeTimestampMS, mapping.TypeTimestampNS,
		mapping.TypeDate, mapping.TypeTime, mapping.TypeInterval:
		return times(id, data), nil
	case mapping.TypeEnum:
		return enum(data, logical)
	case mapping.TypeList, mapping.TypeMap, mapping.TypeArray, mapping.TypeStruct:
		return nested(id, vec, data, logical)
	case mapping.TypeSQLNull:
		return func(int) any { return nil }, nil
	default:
		return nil, fmt.Errorf("values of type %s are not read\nhint: cast the column to VARCHAR", typeName(id))
	}
}

// texts reads text. A column often says the same in the next row: it is the same value then, and not made again.
func texts(data unsafe.Pointer) reader {
	var text string
	var value any = text
	return func(row int) any {
		if b := at[textRef](data, row).bytes(); string(b) != text {
			text = string(b)
			value = text
		}
		return value
	}
}

// times reads points in time, all in UTC, and spans as text.
func times(id mapping.Type, data unsafe.Pointer) reader {
	n := func(row int) int64 { return *at[int64](data, row) }
	switch id {
	case mapping.TypeTimestampS:
		return func(row int) any { return time.Unix(n(row), 0).UTC() }
	case mapping.TypeTimestampMS:
		return func(row int) any { return time.UnixMilli(n(row)).UTC() }
	case mapping.TypeTimestampNS:
		return func(row int) any { return time.Unix(0, n(row)).UTC() }
	case mapping.TypeDate:
		return func(row int) any {
			return time.Unix(int64(*at[int32](data, row))*86400, 0).UTC().Format(time.DateOnly)
		}
	case mapping.TypeTime:
		return func(row int) any { return time.UnixMicro(n(row)).UTC().Format("15:04:05.999999") }
	case mapping.TypeInterval:
		return func(row int) any {
			months, days, micros := mapping.IntervalMembers(at[mapping.Interval](data, row))
			return interval(months, days, micros)
		}
	default:
		return func(row int) any { return time.UnixMicro(n(row)).UTC() }
	}
}

// interval writes a span as DuckDB does: "1 month 2 days 03:04:05".
func interval(months, days int32, micros int64) string {
	var parts []string
	for _, p := range []struct {
		n    int32
		unit string
	}{{months / 12, "year"}, {months % 12, "month"}, {days, "day"}} {
		if p.n == 1 || p.n == -1 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.unit))
		} else if p.n != 0 {
			parts = append(parts, fmt.Sprintf("%d %ss", p.n, p.unit))
		}
	}
	if micros != 0 || len(parts) == 0 {
		sign := ""
		if micros < 0 {
			sign, micros = "-", -micros
		}
		s := micros / 1e6
		text := fmt.Sprintf("%s%02d:%02d:%02d", sign, s/3600, s/60%60, s%60)
		if rest := micros % 1e6; rest != 0 {
			text += strings.TrimRight(fmt.Sprintf(".%06d", rest), "0")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

// wide reads what needs more than 64 bits, and DECIMAL.
func wide(id mapping.Type, data unsafe.Pointer, logical mapping.LogicalType) (reader, error) {
	words := func(row int) (lo, hi uint64) { w := at[[2]uint64](data, row); return w[0], w[1] }
	switch id {
	case mapping.TypeUHugeInt:
		return func(row int) any { lo, hi := words(row); return Number(big128(lo, hi, false).String()) }, nil
	case mapping.TypeHugeInt:
		return func(row int) any { lo, hi := words(row); return Number(big128(lo, hi, true).String()) }, nil
	case mapping.TypeUUID:
		return func(row int) any {
			lo, hi := words(row)
			return uuid(lo, hi^(1<<63)) // DuckDB flips the top bit so that signed order is text order
		}, nil
	}
	scale := int(mapping.DecimalScale(logical))
	var whole func(row int) *big.Int
	switch internal := mapping.DecimalInternalType(logical); internal {
	case mapping.TypeSmallInt:
		whole = func(row int) *big.Int { return big.NewInt(int64(*at[int16](data, row))) }
	case mapping.TypeInteger:
		whole = func(row int) *big.Int { return big.NewInt(int64(*at[int32](data, row))) }
	case mapping.TypeBigInt:
		whole = func(row int) *big.Int { return big.NewInt(*at[int64](data, row)) }
	case mapping.TypeHugeInt:
		whole = func(row int) *big.Int { lo, hi := words(row); return big128(lo, hi, true) }
	default:
		return nil, fmt.Errorf("a DECIMAL kept as %s is not known", typeName(internal))
	}
	return func(row int) any { return Number(point(whole(row), scale)) }, nil
}

func big128(lo, hi uint64, signed bool) *big.Int {
	n := new(big.Int).SetUint64(hi)
	if signed {
		n.SetInt64(int64(hi))
	}
	return n.Add(n.Lsh(n, 64), new(big.Int).SetUint64(lo))
}

// point puts a decimal point scale digits from the right.
func point(n *big.Int, scale int) string {
	if scale == 0 {
		return n.String()
	}
	digits, sign := new(big.Int).Abs(n).String(), ""
	if n.Sign() < 0 {
		sign = "-"
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

func uuid(lo, hi uint64) string {
	var b [16]byte
	for i := range 8 {
		b[i], b[8+i] = byte(hi>>(56-8*i)), byte(lo>>(56-8*i))
	}
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// enum reads an ENUM by its dictionary.
func enum(data unsafe.Pointer, logical mapping.LogicalType) (reader, error) {
	words := make([]string, mapping.EnumDictionarySize(logical))
	for i := range words {
		words[i] = mapping.EnumDictionaryValue(logical, mapping.IdxT(i))
	}
	switch internal := mapping.EnumInternalType(logical); internal {
	case mapping.TypeUTinyInt:
		return func(row int) any { return words[*at[uint8](data, row)] }, nil
	case mapping.TypeUSmallInt:
		return func(row int) any { return words[*at[uint16](data, row)] }, nil
	case mapping.TypeUInteger:
		return func(row int) any { return words[*at[uint32](data, row)] }, nil
	default:
		return nil, fmt.Errorf("an ENUM kept as %s is not known", typeName(internal))
	}
}

// nested reads lists, arrays, maps and structs.
func nested(id mapping.Type, vec mapping.Vector, data unsafe.Pointer, logical mapping.LogicalType) (reader, error) {
	switch id {
	case mapping.TypeStruct:
		return structs(vec, logical)
	case mapping.TypeArray:
		childType := mapping.ArrayTypeChildType(logical)
		defer mapping.DestroyLogicalType(&childType)
		child, err := newReader(mapping.ArrayVectorGetChild(vec), childType)
		if err != nil {
			return nil, err
		}
		size := int(mapping.ArrayTypeArraySize(logical))
		return func(row int) any { return span(child, row*size, size) }, nil
	}
	childVec := mapping.ListVectorGetChild(vec)
	child, err := reader(nil), error(nil)
	if id == mapping.TypeMap { // a MAP's child is a STRUCT of key and value
		keyType, valueType := mapping.MapTypeKeyType(logical), mapping.MapTypeValueType(logical)
		defer mapping.DestroyLogicalType(&keyType)
		defer mapping.DestroyLogicalType(&valueType)
		key, errKey := newReader(mapping.StructVectorGetChild(childVec, 0), keyType)
		value, errValue := newReader(mapping.StructVectorGetChild(childVec, 1), valueType)
		if errKey != nil || errValue != nil {
			return nil, fmt.Errorf("a MAP of types that are not read\nhint: cast the column to VARCHAR")
		}
		child = func(row int) any { return Struct{{"key", key(row)}, {"value", value(row)}} }
	} else {
		childType := mapping.ListTypeChildType(logical)
		defer mapping.DestroyLogicalType(&childType)
		if child, err = newReader(childVec, childType); err != nil {
			return nil, err
		}
	}
	return func(row int) any {
		entry := at[[2]uint64](data, row) // offset, length
		return span(child, int(entry[0]), int(entry[1]))
	}, nil
}

func span(child reader, from, n int) List {
	list := make(List, n)
	for i := range list {
		list[i] = child(from + i)
	}
	return list
}

func structs(vec mapping.Vector, logical mapping.LogicalType) (reader, error) {
	n := int(mapping.StructTypeChildCount(logical))
	names, children := make([]string, n), make([]reader, n)
	for i := range n {
		childType := mapping.StructTypeChildType(logical, mapping.IdxT(i))
		child, err := newReader(mapping.StructVectorGetChild(vec, mapping.IdxT(i)), childType)
		mapping.DestroyLogicalType(&childType)
		if err != nil {
			return nil, err
		}
		names[i], children[i] = mapping.StructTypeChildName(logical, mapping.IdxT(i)), child
	}
	return func(row int) any {
		out := make(Struct, n)
		for i, child := range children {
			out[i] = Field{names[i], child(row)}
		}
		return out
	}, nil
}
