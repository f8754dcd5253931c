// The express button on the cart page: no form of the shop, the address comes
// with the payment.
import {note, post, say, state} from './page.js';

const container = document.querySelector('[data-express]');

window.klarnaAsyncCallback = () => { if (container && state.client_token) load(); };

function load() {
  container.closest('section').hidden = false; // what is hidden cannot be measured
  // The session's own token. A shop without a session on its cart page gives a
  // client_id here and the order as the second argument of authorize instead.
  const options = {container, theme: 'default', shape: 'default', on_click: buy};
  Klarna.Payments.Buttons.init({client_token: state.client_token}).load(options, (result) => {
    note('Klarna.Payments.Buttons.load answered', result);
    container.closest('section').hidden = !result.show_form;
  });
}

function buy(authorize) {
  say('');
  const options = {auto_finalize: true, collect_shipping_address: true};
  note('authorize of the button', options);
  authorize(options, null, async (result) => {
    note('authorize answered', {...result, authorization_token: result.authorization_token && '…'});
    if (!result.approved) {
      if (result.show_form) return say('Nothing was paid. You can try again whenever you like.', {calm: true});
      return say('This payment was not approved. Please use the checkout instead.');
    }
    try {
      const placed = await post('order', {authorization_token: result.authorization_token, shipping_address: result.collected_shipping_address});
      if (placed.ok) return location.assign(placed.location);
      say(placed.message, {details: placed.details});
    } catch {
      say('The shop did not answer. Please use the checkout.');
    }
  });
}
