package requestlog

import "testing"

func TestPersonal(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"billing_address.postal_code":             true,
		"billing_address.region":                  true,
		"billing_address.country":                 false,
		"billing_address.property_of_tomorrow":    true,
		"billing_address":                         true,
		"shipping_address.email":                  true,
		"shipping_address.country":                false,
		"customer.date_of_birth":                  true,
		"customer.national_identification_number": true,
		"customer.last_four_ssn":                  true,
		"customer.organization_registration_id":   true,
		"customer.vat_id":                         true,
		"customer.type":                           false,
		"customer.organization_entity_type":       false,
		"customer":                                true,
		"attachment.body":                         true,
		"attachment.content_type":                 false,
		"attachment.attachment":                   true,
		"payload.billing_address.given_name":      true,
		"payload.billing_address.country":         false,
		"recipients[3].family_name":               true,
		"email":                                   true,
		"merchant_data":                           true,
		"order_lines[0].merchant_data":            true,
		"client_token":                            true,
		"password":                                true,
		"customer[0].gender":                      true,
		"customer[0].type":                        false,
		"answers.login":                           true,
		"answers.code":                            true,
		"answers.details.billing_address.city":    true,
		"answers.consent.order_amount":            false,

		"":                                 false,
		"order_amount":                     false,
		"order_lines":                      false,
		"order_lines[1].total_tax_amount":  false,
		"order_lines[1].name":              false,
		"order_lines[0].subscription.name": false,
		"purchase_country":                 false,
		"purchase_currency":                false,
		"locale":                           false,
		"merchant_reference1":              false,
		"merchant_urls.confirmation":       false,
		"options.color_border":             false,
		"customer_token":                   false,
	} {
		if got := Personal(path); got != want {
			t.Errorf("Personal(%q) = %v, want %v", path, got, want)
		}
	}
}
