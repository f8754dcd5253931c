// Checked by the compiler alone: what must compile, and what must not.

import { loadKlarnaPayments, type AuthorizeResult, type ExpressResult, type KlarnaPayments } from './index.js';

const klarna: KlarnaPayments = await loadKlarnaPayments('http://127.0.0.1:7420/kp/lib/v1/api.js');
const box = document.body;

// init chains without a callback, and does not with one.
klarna.init({ client_token: 'a.b.c', integrator: 'shop' }).load({ container: '#klarna' });
const nothing: undefined = klarna.init({ client_token: 'a.b.c' }, (answer) => {
  if ('error' in answer) throw answer.error;
  answer.Buttons.init({ client_id: 'klarna_test_client_a' });
});
// @ts-expect-error a token is needed
klarna.init({});
// @ts-expect-error there is nothing to chain to
nothing.load({ container: box });

klarna.load({ container: box, payment_method_category: 'pay_later' }, { order_amount: 10000 }, ({ show_form, error }) => {
  const fields: string[] = error?.invalid_fields ?? [];
  return [show_form, fields];
});
klarna.load({ container: box, payment_method_categories: [{ identifier: 'pay_later', name: 'Pay later' }], instance_id: 'a' }, null);
klarna.load({ container: box, payment_method_category: '' }, (result) => result.show_form);
// @ts-expect-error a container is needed
klarna.load({ payment_method_category: 'pay_later' });
// @ts-expect-error no such category
klarna.load({ container: box, payment_method_category: 'pay_never' });
// @ts-expect-error no such method
klarna.load({ container: box, preferred_payment_method: 'cash' });
// @ts-expect-error load decides nothing
klarna.load({ container: box }, (result) => result.approved);

const done = (result: AuthorizeResult): string | undefined => result.authorization_token;
klarna.authorize({ payment_method_category: 'pay_later', auto_finalize: false }, { billing_address: { city: 'Stockholm' } }, done);
klarna.authorize({}, done);
klarna.authorize(done);
klarna.reauthorize({ payment_method_category: 'pay_later' }, { order_amount: 9000 }, done);
klarna.finalize({}, {}, done);
// @ts-expect-error amounts are numbers
klarna.authorize({}, { order_amount: '100.00' }, done);
// @ts-expect-error no such mode
klarna.authorize({ interaction_mode: 'TAB' }, done);

klarna.loadPaymentReview({ container: '#review' }, ({ show_form }) => show_form);
klarna.on('heightChanged', (height: number) => height);
klarna.on('fullscreenOverlayHidden', () => undefined);
klarna.off('heightChanged');
// @ts-expect-error no such event
klarna.on('loaded', () => undefined);

const ready: boolean = klarna.initialized;
// @ts-expect-error it is read only
klarna.initialized = ready;

klarna.Buttons.init({ client_token: 'a.b.c' }).load(
  {
    container: box, theme: 'outlined', shape: 'pill', label: 'continue', locale: 'sv-SE',
    on_click: (authorize) => authorize({ collect_shipping_address: true }, null, (result: ExpressResult) => result.session_id),
  },
  ({ show_form, error }) => [show_form, error?.name],
); // prettier-ignore
klarna.Buttons.authorize({ purchase_country: 'SE' }, (result) => result.client_token);
// @ts-expect-error on_click is needed
klarna.Buttons.load({ container: box });

const old = window.Klarna;
old?.Credit.authorize({ order_amount: 1 }, { payment_method_category: 'pay_over_time' }, done);
old?.DirectDebit.reauthorize({ order_amount: 1 }, done);
old?.DirectBankTransfer.finalize(done);
// @ts-expect-error DirectDebit has no finalize
old?.DirectDebit.finalize(done);
window.klarnaAsyncCallback = () => undefined;
window.kvitto = { interaction: 'none' };
