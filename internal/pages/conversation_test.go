package pages_test

// setting is what is true of every ask and view of these tests.
var setting = object{
	"language": "en", "locale": "en-GB", "playground": true, "merchant_name": "Shoes", "order_amount": 10000, "purchase_currency": "GBP",
	"intent": "buy", "options": object{},
}

var (
	payLater = object{"payment_method_category": "pay_later", "name": "Buy now, pay later", "number_of_days": 30, "number_of_installments": 1}
	payParts = object{"payment_method_category": "pay_over_time", "name": "Monthly financing", "number_of_days": 0, "number_of_installments": 12}
	payNow   = object{"payment_method_category": "pay_now", "name": "Pay now", "number_of_days": 0, "number_of_installments": 1}
	terms    = object{"payment_method_category": "pay_later", "order_amount": 10000, "purchase_currency": "GBP", "number_of_days": 30, "number_of_installments": 1}
	fields   = []object{
		{"path": "billing_address.given_name", "value": "Alice", "type": "text"},
		{"path": "billing_address.family_name", "value": "", "type": "text"},
		{"path": "customer.date_of_birth", "value": "", "type": "date"},
	}
	approved  = object{"show_form": true, "approved": true, "finalize_required": false, "authorization_token": "TOKEN"}
	denied    = object{"show_form": false, "approved": false, "finalize_required": false}
	cancelled = object{"show_form": true, "approved": false, "finalize_required": false}
)

func ask(step string, more object) object {
	return with(with(setting, object{"step": step, "call": "authorize"}), more)
}

var confirm = ask("confirm", object{"terms": terms, "order_lines": []object{{"name": "Running shoe", "quantity": 1, "total_amount": 10000}}})

func problem(path, reason string) object {
	return object{"problems": []object{{"path": path, "reason": reason}}}
}

func asks(a object) (int, any) { return 200, object{"revision": 1, "notes": []string{}, "ask": a} }
func results(r object) (int, any) {
	return 200, object{"revision": 1, "notes": []string{}, "result": r}
}

// conversation answers like the contract: it asks for what is missing, step by
// step, and ends with the result.
func conversation(result object) func(int, request) (int, any) {
	return func(_ int, r request) (int, any) {
		a := r.Answers
		switch {
		case a["cancelled"] == true:
			return results(cancelled)
		case a["login"] == nil:
			return asks(ask("identify", object{"login": "known@email.uk"}))
		case a["code"] == nil:
			return asks(ask("code", object{"login": a["login"]}))
		case a["code"] == "999999":
			return asks(ask("code", with(problem("code", "wrong"), object{"login": a["login"]})))
		case a["details"] == nil:
			return asks(ask("details", object{"fields": fields}))
		case a["payment_method_category"] == nil:
			return asks(ask("method", object{"methods": []object{payLater, payParts, payNow}, "preferred": "pay_later"}))
		case a["consent"] == nil:
			return asks(confirm)
		}
		return results(result)
	}
}
