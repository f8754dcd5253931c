// A shop that pays by Adyen's component, as its documentation mounts it. The
// component is the published one, served as it was installed.
import { AdyenCheckout, Klarna } from '/adyen-web/index.js'

/** What the component told the shop. */
window.told = []

/** Mounts the component; the shop's server answers its payment with action. */
window.mount = async (action) => {
  const here = location.origin + '/adyen/'
  const checkout = await AdyenCheckout({
    environment: 'test',
    clientKey: 'test_KVITTO',
    countryCode: 'SE',
    locale: 'en-US',
    amount: { value: 10000, currency: 'SEK' },
    analytics: { enabled: false },
    paymentMethodsResponse: { paymentMethods: [{ type: 'klarna', name: 'Klarna' }] },
    _environmentUrls: { api: here + 'test/', analytics: here, cdn: { images: here, translations: here } },
    onSubmit: (state, component, actions) => {
      window.told.push({ submit: state.data.paymentMethod })
      actions.resolve({ resultCode: 'Pending', action })
    },
    onAdditionalDetails: (state, component, actions) => {
      window.told.push({ details: state.data.details })
      actions.resolve({ resultCode: 'Authorised' })
    },
    onPaymentCompleted: (result) => window.told.push({ completed: result.resultCode }),
    onPaymentFailed: (result) => window.told.push({ failed: result?.resultCode }),
    onError: (error) => window.told.push({ error: String(error?.message ?? JSON.stringify(error)) }),
  })
  window.component = new Klarna(checkout, { useKlarnaWidget: true }).mount('#payment')
}
