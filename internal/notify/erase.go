package notify

// WithoutBody is an answer as the outbox keeps it without what the receiver wrote:
// it may say who the payer is. One that cannot be read is not kept at all.
func WithoutBody(kept []byte) []byte {
	if len(kept) == 0 {
		return kept
	}
	answer, err := DecodeAnswer(kept)
	if err != nil {
		return nil
	}
	if len(answer.Body) == 0 && answer.Headers["Location"] == "" {
		return kept
	}
	answer.Body = nil
	delete(answer.Headers, "Location")
	left, err := answer.encode()
	if err != nil {
		return nil
	}
	return left
}
