package checkout

// answeredBefore is the result of the call whose answer was lost: a page sends
// a call again with the same id. It is the answer to a call with the id of the
// newest authorization whose content is what that was given for. Whichever of
// the two comes first is assessed; the other changes nothing, so that the token
// the page has stays alive. ok is false for any other call.
func (s *Session) answeredBefore(next *Session, call *Browser) (result BrowserResult, ok bool) {
	a := s.Authorization
	if call.CallID == "" || a == nil || a.CallID != call.CallID || a.Content == nil ||
		len(requestDifferences(a.Content, &next.Content, false)) > 0 {
		return BrowserResult{}, false
	}
	result = BrowserResult{ShowForm: true, Approved: true, Repeated: true}
	switch a.State {
	case AuthorizationLive:
		if result.AuthorizationToken = s.LiveToken(call.Now); result.AuthorizationToken == "" {
			return BrowserResult{}, false
		}
	case AuthorizationPreliminary:
		result.FinalizeRequired = true
	case AuthorizationDenied:
		return BrowserResult{Repeated: true}, true
	case AuthorizationNone, AuthorizationReleased, AuthorizationOrdered:
		return BrowserResult{}, false
	}
	if call.CollectShippingAddress {
		known := s.Known()
		result.CollectedShippingAddress = known.shippingAddress()
	}
	return result, true
}

// cancelled is the result of a call that the customer left. What the call had
// led to before the customer left stands: the page must hear of that token.
// The token of an earlier call stays alive, and is not this call's result.
func (s *Session) cancelled(call *Browser) BrowserResult {
	if next, _, refusal := s.merged(*call); refusal == nil {
		if result, ok := s.answeredBefore(&next, call); ok {
			return result
		}
	}
	return BrowserResult{ShowForm: true}
}
