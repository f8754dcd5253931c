package risk

import (
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// The limits of the lists of a rule file, of all together.
const (
	ListBytesMax   = 32 << 20
	listEntriesMax = 1_000_000
	listsMax       = 100
)

const listsPrefix = "lists."

// listType knows no operation but in.
var listType = types.NewObjectType("kvitto.List", traits.ContainerType)

// list is a set of texts in lower case, as expressions see it.
type list struct{ entries map[string]struct{} }

// Contains implements traits.Container; case and blanks around the text do not
// count.
func (l *list) Contains(text ref.Val) ref.Val {
	wanted, ok := text.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(text)
	}
	_, there := l.entries[strings.ToLower(strings.TrimSpace(string(wanted)))]
	return types.Bool(there)
}

// ConvertToNative implements ref.Val.
func (l *list) ConvertToNative(reflect.Type) (any, error) { return nil, errNoNative }

// ConvertToType implements ref.Val.
func (l *list) ConvertToType(to ref.Type) ref.Val {
	if to == types.TypeType {
		return listType
	}
	return types.WrapErr(errNoNative)
}

// Equal implements ref.Val: a list is itself alone.
func (l *list) Equal(other ref.Val) ref.Val { return types.Bool(other == ref.Val(l)) }

// Type implements ref.Val.
func (l *list) Type() ref.Type { return listType }

// Value implements ref.Val.
func (l *list) Value() any { return l }

// ReadList reads the bytes of a list of a rule file by its name and its path,
// which is relative to the file, with slashes and without "..". It should not
// read much more than ListBytesMax: that is too much.
type ReadList func(name, path string) ([]byte, error)

// namedList is a list of a file, with the bytes that it was made of.
type namedList struct {
	name string
	data []byte
	*list
}

// lists are those of the file, in the order of their names.
func (r *reader) lists(tree map[string]any, read ReadList) []namedList {
	value, there := tree["lists"]
	table, ok := value.(map[string]any)
	switch {
	case there && !ok:
		r.add("lists", textOf(value), "is no table", "[lists] and names below it", "")
	case len(table) > listsMax:
		r.add("lists", strconv.Itoa(len(table)), "there are too many lists", "at most "+strconv.Itoa(listsMax), "")
		return nil
	}
	all := make([]namedList, 0, len(table))
	room := listRoom{ListBytesMax, listEntriesMax}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		one := namedList{name: name, list: &list{}} // to check conditions with, when it cannot be read
		path, ok := table[name].(string)
		problem, expected := "", ""
		switch {
		case !valueName.MatchString(name):
			problem, expected = "is no name for a list", "letters, digits and _"
		case !ok:
			problem, expected = "is no path", `a text such as "disposable.txt"`
		case !fs.ValidPath(path) || path == "." || strings.ContainsAny(path, `\:`):
			problem, expected = "is no path below the rule file", `a relative path with / and without "..", such as "lists/disposable.txt"`
		case read == nil:
			problem, expected = "cannot be read here", "rules without lists"
		default:
			var err error
			if one.data, err = read(name, path); err != nil {
				problem, expected = "the list cannot be read: "+err.Error(), "a file beside the rule file or below it"
			} else if problem = room.fill(one.list, one.data); problem != "" {
				expected = "one text on each line; # begins a comment"
			}
		}
		if problem != "" {
			r.add(listsPrefix+name, textOf(table[name]), problem, expected, "")
		}
		if valueName.MatchString(name) {
			all = append(all, one)
		}
	}
	return all
}

// listRoom is what the lists of a file have left.
type listRoom struct{ bytes, entries int }

// fill reads the lines of a list; problem says what is wrong with it, or "".
func (room *listRoom) fill(into *list, data []byte) (problem string) {
	if room.bytes -= len(data); room.bytes < 0 {
		return fmt.Sprintf("the lists are too large: more than %d bytes together", ListBytesMax)
	}
	into.entries = map[string]struct{}{}
	number := 0
	for line := range strings.SplitSeq(string(data), "\n") {
		number++
		entry, _, _ := strings.Cut(line, "#")
		entry = strings.TrimSpace(entry)
		switch {
		case entry == "":
			continue
		case !utf8.ValidString(entry):
			return fmt.Sprintf("line %d of the list is no UTF-8", number)
		case utf8.RuneCountInString(entry) > textMax:
			return fmt.Sprintf("line %d of the list has more than %d characters", number, textMax)
		}
		if room.entries--; room.entries < 0 {
			return fmt.Sprintf("the lists are too long: more than %d entries together", listEntriesMax)
		}
		into.entries[strings.ToLower(entry)] = struct{}{}
	}
	return ""
}
