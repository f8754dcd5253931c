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
	var all []namedList
	room := listRoom{ListBytesMax, listEntriesMax}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		key := listsPrefix + name
		path, ok := table[name].(string)
		switch {
		case !valueName.MatchString(name):
			r.add(key, "", "is no name for a list", "letters, digits and _", "")
		case !ok:
			r.add(key, textOf(table[name]), "is no path", `a text such as "disposable.txt"`, "")
		case !fs.ValidPath(path) || path == "." || strings.ContainsAny(path, `\:`):
			r.add(key, path, "is no path below the rule file", `a relative path with / and without "..", such as "lists/disposable.txt"`, "")
		case read == nil:
			r.add(key, path, "cannot be read here", "rules without lists", "")
		default:
			data, err := read(name, path)
			if err != nil {
				r.add(key, path, "the list cannot be read: "+err.Error(), "a file beside the rule file or below it", "")
				continue
			}
			made, problem := room.list(data)
			if problem != "" {
				r.add(key, path, problem, "one text on each line; # begins a comment", "")
				continue
			}
			all = append(all, namedList{name, data, made})
		}
	}
	return all
}

// listRoom is what the lists of a file have left.
type listRoom struct{ bytes, entries int }

// list reads the lines of a list; problem says what is wrong with it, or "".
func (room *listRoom) list(data []byte) (made *list, problem string) {
	if room.bytes -= len(data); room.bytes < 0 {
		return nil, fmt.Sprintf("the lists are too large: more than %d bytes together", ListBytesMax)
	}
	made = &list{map[string]struct{}{}}
	number := 0
	for line := range strings.SplitSeq(string(data), "\n") {
		number++
		entry, _, _ := strings.Cut(line, "#")
		entry = strings.TrimSpace(entry)
		switch {
		case entry == "":
			continue
		case !utf8.ValidString(entry):
			return nil, fmt.Sprintf("line %d of the list is no UTF-8", number)
		case utf8.RuneCountInString(entry) > textMax:
			return nil, fmt.Sprintf("line %d of the list has more than %d characters", number, textMax)
		}
		if room.entries--; room.entries < 0 {
			return nil, fmt.Sprintf("the lists are too long: more than %d entries together", listEntriesMax)
		}
		made.entries[strings.ToLower(entry)] = struct{}{}
	}
	return made, ""
}
