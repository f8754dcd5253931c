package browsertest

import (
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Passkeys gives the page a device that keeps passkeys and says, without asking
// anybody, that their owner has unlocked it. It returns what the device holds.
func (p *Page) Passkeys() (held func() int) {
	p.t.Helper()
	ctx, cancel := p.bounded()
	defer cancel()
	_, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{})
	if err != nil {
		p.t.Fatalf("browsertest: passkeys: %v", err)
	}
	added, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	if err != nil {
		p.t.Fatalf("browsertest: passkeys: %v", err)
	}
	return func() int {
		p.t.Helper()
		ctx, cancel := p.bounded()
		defer cancel()
		found, err := chromedp.Call(ctx, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: added.AuthenticatorID})
		if err != nil {
			p.t.Fatalf("browsertest: passkeys: %v", err)
		}
		return len(found.Credentials)
	}
}
