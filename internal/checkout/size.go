package checkout

// About what the structures take, in bytes.
const (
	textSize    = 24
	contentSize = 512
	lineSize    = 320
)

// Size is about the memory a content takes, in bytes: its structures and its
// strings. Caches are bounded by it.
func (c *Content) Size() int {
	size := contentSize + textBytes(ContentTextFields, c)
	size += objectSize(AttachmentFields, c.Attachment) + objectSize(AddressFields, c.BillingAddress) +
		objectSize(AddressFields, c.ShippingAddress) + objectSize(CustomerFields, c.Customer) +
		objectSize(MerchantURLFields, c.MerchantURLs) + objectSize(OptionFields, c.Options)
	for _, id := range c.CustomPaymentMethodIDs {
		size += textSize + len(id)
	}
	for i := range c.OrderLines {
		l := &c.OrderLines[i]
		size += lineSize + textBytes(LineTextFields, l) +
			objectSize(ProductIdentifierFields, l.ProductIdentifiers) + objectSize(SubscriptionTextFields, l.Subscription)
	}
	return size
}

func objectSize[T any](fields []TextField[T], object *T) int {
	if object == nil {
		return 0
	}
	return textSize*len(fields) + textBytes(fields, object)
}

func textBytes[T any](fields []TextField[T], object *T) int {
	size := 0
	for i := range fields {
		size += len(fields[i].At(object).Value)
	}
	return size
}
