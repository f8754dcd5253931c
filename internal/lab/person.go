package lab

import "github.com/kvitto/kvitto/internal/checkout"

// person is one of the published test persons whose payment is approved.
type person struct {
	given, family, street, postalCode, city, region string
	email, phone                                    string
	born, number                                    string // one of the two
}

// persons by country. Source: the published sample customers of the playground.
var persons = map[string]person{
	"AT": {"Test", "Person-at", "Mariahilfer Straße 47", "1060", "Wien", "", "customer@email.at", "+4306762600456", "1970-07-10", ""},
	"AU": {"Test", "Person-au", "4 Wharf St", "4877", "Port Douglas", "QLD", "customer@email.au", "+61473752244", "1970-07-10", ""},
	"BE": {"Test", "Person-be", "Grote Markt 1", "1000", "Brussel", "", "customer@email.be", "+32485121291", "1970-07-10", ""},
	"CA": {"Test", "Person-ca", "2693 Byron Rd", "V7H 1L9", "North Vancouver", "BC", "customer@email.ca", "+15197438620", "1970-07-10", ""},
	"CH": {"Accepted", "Person-ch", "Augustinergasse 2", "4051", "Basel", "", "customer@email.ch", "+41758680000", "1990-01-01", ""},
	"CZ": {"Test", "Person-cz", "Zazvorkova 1480/11", "155 00", "Praha", "", "customer@email.cz", "+420771613715", "1970-01-01", ""},
	"DE": {"Mock", "Mock", "Neue Schönhauser Str. 2", "10178", "Berlin", "", "customer@email.de", "+49017614284340", "1970-07-10", ""},
	"DK": {"Test", "Person-dk", "Dantes Plads 7", "1556", "København Ø", "", "customer@email.dk", "+4542555628", "1980-01-01", ""},
	"ES": {"Test", "Person-es", "C. de Atocha, 27", "28012", "Madrid", "", "customer@email.es", "+34672563009", "", "99999999R"},
	"FI": {"Test", "Person-fi", "Mannerheimintie 34", "00100", "Helsinki", "", "customer@email.fi", "+358401234567", "", "190122-829F"},
	"FR": {"Test", "Person-fr", "33 rue la Fayette", "75009", "Paris", "", "customer@email.fr", "+33689854321", "1990-07-10", ""},
	"GB": {"Test", "Person-uk", "10 New Burlington Street Apt. 214", "W1S 3BE", "London", "", "customer@email.uk", "+447755564318", "1970-07-10", ""},
	"GR": {"Test", "Person-gr", "Kephisias 37", "151 23", "Athina", "", "customer@email.gr", "+306945553624", "", "090000045"},
	"HU": {"Test", "Person-hu", "Ludovika tér 2", "1083", "Budapest", "", "customer@email.hu", "+36300102692", "2000-01-01", ""},
	"IE": {"Test", "Person-ie", "30 King Street South", "D02 C838", "Dublin", "", "customer@email.ie", "+353855351400", "1970-07-10", ""},
	"IT": {"Test", "Person-it", "Via Enrico Fermi 150", "00146", "Roma", "", "customer@email.it", "+393339741231", "", "RSS BNC 80A41 H501B"},
	"MX": {"Test", "Person-mx", "Av Cuauhtémoc 462 Col Piedad Narvarte", "03000", "Benito Juárez", "CDMX", "customer@email.mx", "+525593747739", "1970-07-10", ""},
	"NL": {"Test", "Person-nl", "Osdorpplein 137", "1068 SR", "Amsterdam", "", "customer@email.nl", "+31689124321", "1970-07-10", ""},
	"NO": {"Jane", "Test", "Edvard Munchs Plass 1", "0194", "Oslo", "", "customer@email.no", "+4740123456", "", "NO01087000571"},
	"NZ": {"Test", "Person-nz", "286 Mount Wellington Highway", "6011", "Auckland", "", "customer@email.nz", "+6427555290", "1970-07-10", ""},
	"PL": {"Test", "Person-pl", "Ul. Górczewska 124", "01-460", "Warszawa", "", "customer@email.pl", "+48795222223", "1967-05-05", ""},
	"PT": {"Test", "Person-pt", "Avenida Dom João II 40", "1990-094", "Lisboa", "", "customer@email.pt", "+351935556731", "1990-07-10", ""},
	"RO": {"Test", "Person-ro", "Drumul Taberei 35", "061357", "București", "Sectorul 6", "customer@email.ro", "+40741209876", "", "1701225193558"},
	"SE": {"Alice", "Test", "Södra Blasieholmshamnen 2", "11 148", "Stockholm", "", "customer@email.se", "+46701740615", "", "SE194103219202"},
	"SK": {"Test", "Person-sk", "Vajanského nábrežie 2", "810 06", "Bratislava", "", "customer@email.sk", "+421905123456", "", "000101/0009"},
	"US": {"Test", "Person-us", "509 Amsterdam Ave", "10024-3941", "New York", "NY", "customer@email.us", "+13106683312", "1970-07-10", ""},
}

// Person is who buys where nobody is asked but somebody has to be known: the
// published test person of the country, nil for a country without one.
func Person(country string) *checkout.Content {
	p, ok := persons[country]
	if !ok {
		return nil
	}
	text := func(value string) checkout.Text { return checkout.Text{Value: value, Set: value != ""} }
	return &checkout.Content{
		BillingAddress: &checkout.Address{
			GivenName: text(p.given), FamilyName: text(p.family), StreetAddress: text(p.street), PostalCode: text(p.postalCode),
			City: text(p.city), Region: text(p.region), Email: text(p.email), Phone: text(p.phone),
		},
		Customer: &checkout.Customer{DateOfBirth: text(p.born), NationalIdentificationNumber: text(p.number)},
	}
}
