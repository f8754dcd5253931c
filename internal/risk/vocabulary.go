package risk

import (
	"fmt"
	"maps"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/kvitto/kvitto/internal/checkout"
)

// variable is a name that expressions can use.
type variable struct {
	celType *types.Type
	chars   uint64 // the longest text
	get     func(*situation) ref.Val
	number  int // its place in a situation
}

// variables are all names but those of a file's values.
var variables = newVariables()

func newVariables() map[string]variable {
	text := func(chars uint64, get func(*situation) string) variable {
		return variable{celType: types.StringType, chars: chars, get: func(s *situation) ref.Val { return types.String(get(s)) }}
	}
	number := func(get func(*situation) int64) variable {
		return variable{celType: types.IntType, get: func(s *situation) ref.Val { return types.Int(get(s)) }}
	}
	of := func(k *kind, get func(*situation) any) variable {
		return variable{celType: k.celType, get: func(s *situation) ref.Val { return object{k, get(s)} }}
	}
	all := map[string]variable{
		"call":             text(16, func(s *situation) string { return string(s.in.Call) }),
		"merchant_id":      text(merchantMax, func(s *situation) string { return s.in.MerchantID }),
		"country":          text(2, func(s *situation) string { return s.content.EffectiveCountry() }),
		"billing_address":  of(addressKind, func(s *situation) any { return s.content.BillingAddress }),
		"shipping_address": of(addressKind, func(s *situation) any { return s.content.ShippingAddress }),
		"customer":         of(customerKind, func(s *situation) any { return s.content.Customer }),
		"order_lines":      {celType: types.NewListType(lineKind.celType), get: (*situation).orderLines},
		"contact":          of(contactKind, func(s *situation) any { return stated(s.content) }),
		"login":            of(contactKind, func(s *situation) any { return contactOf(s.in.Login, s.in.Login) }),
		"mismatch":         of(mismatchKind, func(s *situation) any { return &addresses{s.content.BillingAddress, s.content.ShippingAddress} }),
		"cart":             of(cartKind, func(s *situation) any { return cartOf(s.content.OrderLines) }),
		"session":          of(sessionKind, func(s *situation) any { return s.in }),
		"age":              number(func(s *situation) int64 { return ageOf(s.content.Customer, s.in.Now) }),
		"hour":             number(func(s *situation) int64 { return int64(s.in.Now.UTC().Hour()) }),
		"weekday":          number(func(s *situation) int64 { return weekdayOf(s.in.Now) }),
	}
	for _, kind := range SubjectKinds {
		all[historyOf(kind)] = of(historyKind, func(s *situation) any {
			of := s.in.History[kind]
			return pastOf(&of, s.in)
		})
	}
	for _, f := range checkout.ContentTextFields {
		all[f.Name] = text(uint64(f.Max), func(s *situation) string { return f.At(s.content).Value })
	}
	for _, f := range checkout.ContentIntegerFields {
		all[f.Name] = number(func(s *situation) int64 { return f.At(s.content).Value })
	}
	for i, name := range slices.Sorted(maps.Keys(all)) {
		v := all[name]
		v.number = i
		all[name] = v
	}
	return all
}

// historyOf is the name of the variable that is a kind's past.
func historyOf(kind SubjectKind) string { return string(kind) + "_history" }

// Variables are the names that conditions can use, beside those below values.
func Variables() []string { return slices.Sorted(maps.Keys(variables)) }

// Name is a name that conditions can use.
type Name struct {
	Name       string
	Type       string
	Properties []Name // none for a plain value
}

// Names are all of them, in the order of the alphabet.
func Names() []Name {
	var all []Name
	for _, name := range Variables() {
		all = append(all, named(name, variables[name].celType))
	}
	return all
}

func named(name string, celType *types.Type) Name {
	one := Name{Name: name, Type: celType.String()}
	if celType.Kind() == types.ListKind {
		celType = celType.Parameters()[0]
	}
	for _, k := range kinds {
		if k.celType == celType {
			for _, property := range k.names {
				one.Properties = append(one.Properties, named(property, k.fields[property].Type))
			}
		}
	}
	return one
}

// situation is what one assessment looks at. It is for one goroutine.
type situation struct {
	in      *Input
	content *checkout.Content
	values  map[string]ref.Val // of the rule set, by their full names
	known   []ref.Val          // variables that were asked for: each is made once
	size    size
}

func newSituation(in *Input, values map[string]ref.Val) *situation {
	content := in.Content
	if content == nil {
		content = &checkout.Content{}
	}
	return &situation{in: in, content: content, values: values, known: make([]ref.Val, len(variables))}
}

// ResolveName implements cel.Activation.
func (s *situation) ResolveName(name string) (any, bool) {
	if v, ok := variables[name]; ok {
		if s.known[v.number] == nil {
			s.known[v.number] = v.get(s)
		}
		return s.known[v.number], true
	}
	value, ok := s.values[name]
	return value, ok
}

// Parent implements cel.Activation.
func (s *situation) Parent() cel.Activation { return nil }

func (s *situation) orderLines() ref.Val {
	lines := make([]ref.Val, len(s.content.OrderLines))
	for i := range lines {
		lines[i] = object{lineKind, &s.content.OrderLines[i]}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, lines)
}

// merchantMax is the longest id of a merchant.
const merchantMax = 64

// The limits of an expression.
const (
	expressionMax = 4000 // characters
	nestingMax    = 50
	valuesPrefix  = "values."
	objectCost    = 100 // of comparing all properties
	listCost      = 100 // of looking up a text, which is read once
	inList        = "in_list_of_file"
)

// newEnvironment is what conditions are checked in.
func newEnvironment(values map[string]ref.Val, kinds map[string]*types.Type) (*cel.Env, error) {
	provider, err := newProvider()
	if err != nil {
		return nil, err
	}
	options := []cel.EnvOption{
		cel.StdLib(), cel.CustomTypeProvider(provider), cel.CustomTypeAdapter(provider.Registry),
		cel.ParserExpressionSizeLimit(expressionMax), cel.ParserRecursionLimit(nestingMax),
		cel.ASTValidators(cel.ValidateRegexLiterals()),
		cel.Function(operators.In, cel.Overload(inList, []*cel.Type{cel.StringType, listType}, cel.BoolType)),
	}
	for _, name := range Variables() {
		options = append(options, cel.Variable(name, variables[name].celType))
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		options = append(options, cel.Variable(name, kinds[name]))
	}
	env, err := cel.NewCustomEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return env, nil
}

// sizes tells the estimate of costs how large things can be.
type sizes struct {
	values map[string]ref.Val
	kinds  map[string]*kind // by type name
}

// EstimateSize implements cost.Estimator. The path begins with a variable and
// goes on with properties and elements.
func (s sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	if node.Type() != nil && s.kinds[node.Type().TypeName()] != nil {
		return &cost.SizeEstimate{Min: 1, Max: objectCost}
	}
	path := node.Path()
	if len(path) == 0 {
		return nil
	}
	if value, ok := s.values[path[0]]; ok {
		if len(path) > 1 { // an element or a key of it
			return &cost.SizeEstimate{Max: textMax}
		}
		return valueSize(value)
	}
	if path[0] == "order_lines" && len(path) == 1 {
		return &cost.SizeEstimate{Max: checkout.LinesMax}
	}
	if len(path) == 1 {
		if found, ok := variables[path[0]]; ok && found.celType == types.StringType {
			return &cost.SizeEstimate{Max: found.chars}
		}
		return nil
	}
	var chars uint64
	for _, k := range s.kinds { // what is longest where names meet
		chars = max(chars, k.chars[path[len(path)-1]])
	}
	if chars == 0 {
		return nil
	}
	return &cost.SizeEstimate{Max: chars}
}

// EstimateCallCost implements cost.Estimator: functions cost what they do, and a
// list of any length is looked into in one step.
func (sizes) EstimateCallCost(_, overload string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	if overload == inList {
		return &cost.CallEstimate{CostEstimate: cost.Estimate{Min: 1, Max: listCost}}
	}
	return nil
}

func valueSize(value ref.Val) *cost.SizeEstimate {
	sizer, ok := value.(traits.Sizer)
	if !ok {
		return nil
	}
	size, ok := sizer.Size().(types.Int)
	if !ok {
		return nil
	}
	return &cost.SizeEstimate{Min: uint64(size), Max: uint64(size)}
}
