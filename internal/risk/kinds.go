package risk

import (
	"errors"
	"reflect"
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/kvitto/kvitto/internal/checkout"
)

// kind is a type of value with named properties, such as an address.
type kind struct {
	celType *types.Type
	names   []string // of the properties, in their order
	fields  map[string]*types.FieldType
	chars   map[string]uint64 // the longest text of a property
}

func newKind(name string) *kind {
	return &kind{celType: types.NewObjectType(name), fields: map[string]*types.FieldType{}, chars: map[string]uint64{}}
}

func (k *kind) add(name string, celType *types.Type, isSet func(any) bool, get func(any) ref.Val) {
	k.names = append(k.names, name)
	k.fields[name] = &types.FieldType{Type: celType, IsSet: isSet, GetFrom: func(target any) (any, error) { return get(target), nil }}
}

// property adds what is always there; of a missing value it is none.
func property[T any](k *kind, name string, celType *types.Type, none ref.Val, get func(*T) ref.Val) {
	k.add(name, celType, func(target any) bool { v, ok := target.(*T); return ok && v != nil }, func(target any) ref.Val {
		if v, ok := target.(*T); ok && v != nil {
			return get(v)
		}
		return none
	})
}

func text[T any](k *kind, name string, chars uint64, get func(*T) string) {
	k.chars[name] = chars
	property(k, name, types.StringType, types.String(""), func(v *T) ref.Val { return types.String(get(v)) })
}

func number[T any](k *kind, name string, get func(*T) int64) {
	property(k, name, types.IntType, types.Int(0), func(v *T) ref.Val { return types.Int(get(v)) })
}

func flag[T any](k *kind, name string, get func(*T) bool) {
	property(k, name, types.BoolType, types.False, func(v *T) ref.Val { return types.Bool(get(v)) })
}

// texts adds the texts of the protocol; one that was not sent is "".
func texts[T any](k *kind, fields []checkout.TextField[T]) {
	for _, f := range fields {
		k.chars[f.Name] = uint64(f.Max)
		k.add(f.Name, types.StringType,
			func(target any) bool { v, ok := target.(*T); return ok && v != nil && f.At(v).Set },
			func(target any) ref.Val {
				if v, ok := target.(*T); ok && v != nil {
					return types.String(f.At(v).Value)
				}
				return types.String("")
			})
	}
}

// integers adds the integers of the protocol; one that was not sent is 0.
func integers[T any](k *kind, fields []checkout.IntegerField[T]) {
	for _, f := range fields {
		k.add(f.Name, types.IntType,
			func(target any) bool { v, ok := target.(*T); return ok && v != nil && f.At(v).Set },
			func(target any) ref.Val {
				if v, ok := target.(*T); ok && v != nil {
					return types.Int(f.At(v).Value)
				}
				return types.Int(0)
			})
	}
}

var (
	addressKind  = textKind("kvitto.Address", checkout.AddressFields)
	customerKind = textKind("kvitto.Customer", checkout.CustomerFields)
	productKind  = textKind("kvitto.ProductIdentifiers", checkout.ProductIdentifierFields)
	lineKind     = newLineKind()
	contactKind  = newContactKind()
	mismatchKind = newMismatchKind()
	cartKind     = newCartKind()
	sessionKind  = newSessionKind()
	historyKind  = newHistoryKind()

	kinds = []*kind{addressKind, customerKind, productKind, lineKind, contactKind, mismatchKind, cartKind, sessionKind, historyKind}
)

func textKind[T any](name string, fields []checkout.TextField[T]) *kind {
	k := newKind(name)
	texts(k, fields)
	return k
}

func newLineKind() *kind {
	k := newKind("kvitto.Line")
	texts(k, checkout.LineTextFields)
	integers(k, checkout.LineIntegerFields)
	property(k, "product_identifiers", productKind.celType, object{productKind, (*checkout.ProductIdentifiers)(nil)},
		func(l *checkout.Line) ref.Val { return object{productKind, l.ProductIdentifiers} })
	return k
}

// emailMax is the longest e-mail address and phone number of the protocol, nameMax
// the longest given and family name with a blank between them.
const (
	emailMax = 99
	nameMax  = 2*99 + 1
)

func newContactKind() *kind {
	k := newKind("kvitto.Contact")
	for name, get := range map[string]func(*contact) string{
		"email": func(c *contact) string { return c.email }, "email_local": func(c *contact) string { return c.local },
		"email_tag": func(c *contact) string { return c.tag }, "email_domain": func(c *contact) string { return c.domain },
		"phone": func(c *contact) string { return c.phone }, "phone_digits": func(c *contact) string { return c.digits },
	} {
		text(k, name, emailMax, get)
	}
	text(k, "name", nameMax, func(c *contact) string { return c.name })
	number(k, "email_tag_number", (*contact).tagNumber)
	slices.Sort(k.names)
	return k
}

func newSessionKind() *kind {
	k := newKind("kvitto.Session")
	number(k, "changes", func(in *Input) int64 { return in.Changes })
	flag(k, "denied", func(in *Input) bool { return in.Denied })
	number(k, "minutes", minutesOf)
	return k
}

func newMismatchKind() *kind {
	k := newKind("kvitto.Mismatch")
	for _, f := range checkout.AddressFields {
		flag(k, f.Name, func(a *addresses) bool { return a.differ(f.At) })
	}
	return k
}

func newCartKind() *kind {
	k := newKind("kvitto.Cart")
	for name, get := range map[string]func(*cart) int64{
		"lines": func(c *cart) int64 { return c.lines }, "quantity": func(c *cart) int64 { return c.quantity },
		"largest_quantity": func(c *cart) int64 { return c.largestQuantity }, "largest_total": func(c *cart) int64 { return c.largestTotal },
		"discount": func(c *cart) int64 { return c.discount },
	} {
		number(k, name, get)
	}
	slices.Sort(k.names)
	return k
}

// object is a value of a kind as expressions see it.
type object struct {
	kind  *kind
	value any // a pointer, which may be nil
}

var errNoNative = errors.New("a value with properties is no plain value")

// ConvertToNative implements ref.Val.
func (o object) ConvertToNative(reflect.Type) (any, error) { return nil, errNoNative }

// ConvertToType implements ref.Val.
func (o object) ConvertToType(to ref.Type) ref.Val {
	if to == types.TypeType {
		return o.kind.celType
	}
	return types.WrapErr(errNoNative)
}

// Equal implements ref.Val: objects are equal when all their properties are.
func (o object) Equal(other ref.Val) ref.Val {
	that, ok := other.(object)
	if !ok || that.kind != o.kind {
		return types.False
	}
	for _, field := range o.kind.fields {
		mine, _ := field.GetFrom(o.value)
		theirs, _ := field.GetFrom(that.value)
		if nested, ok := mine.(object); ok {
			if theirs, ok := theirs.(object); !ok || nested.Equal(theirs) != types.True {
				return types.False
			}
			continue
		}
		if mine != theirs {
			return types.False
		}
	}
	return types.True
}

// Type implements ref.Val.
func (o object) Type() ref.Type { return o.kind.celType }

// Value implements ref.Val.
func (o object) Value() any { return o.value }

// provider tells the checker of expressions which kinds there are. All else it
// knows itself.
type provider struct {
	*types.Registry
	kinds map[string]*kind
}

func newProvider() (provider, error) {
	registry, err := types.NewRegistry()
	p := provider{registry, map[string]*kind{}}
	for _, k := range kinds {
		p.kinds[k.celType.TypeName()] = k
	}
	return p, err
}

// FindStructType implements types.Provider.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if k, ok := p.kinds[name]; ok {
		return types.NewTypeTypeWithParam(k.celType), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	if k, ok := p.kinds[name]; ok {
		return k.names, true
	}
	return p.Registry.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider.
func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if k, ok := p.kinds[name]; ok {
		found, ok := k.fields[field]
		return found, ok
	}
	return p.Registry.FindStructFieldType(name, field)
}
