// The page's side of the integration with Klarna.Payments: a checkout on one
// page ("single"), and the payment and review pages of a checkout in steps.
import {base, mark, note, page, post, say, state} from './page.js';

const form = document.querySelector('[data-pay-form]');
const button = form.querySelector('[data-pay]');

let chosen = '';        // payment_method_category, "other", or "" when nothing is
let offered = false;    // load has said that the choice can be used
let changing = 0;       // changes of the cart on their way
let busy = false;       // a call is under way
let finalizing = false; // authorize asked for one more step
let unplaced = '';      // a token that the shop has not ordered with yet

// The SDK calls this once it is there. The script of the SDK comes after this
// one, so that it finds the function.
window.klarnaAsyncCallback = () => {
  if (!state.client_token) return;
  // Every page calls init again, with the same token. The rest of the payment's
  // state is on the payment server.
  Klarna.Payments.init({client_token: state.client_token});
  if (page === 'review') offered = true; // finalize and reauthorize need no widget
  else choose(form.querySelector('[name=method]:checked')?.value ?? '');
  update();
};
document.getElementById('sdk').addEventListener('error', () => say('The payment script could not be loaded.'));

/** Calls Klarna.Payments and shows the call at the bottom of the page. */
function call(name, options, data, done) {
  note(`Klarna.Payments.${name}`, options);
  try {
    Klarna.Payments[name](options, data, (result) => {
      note(`${name} answered`, {...result, ...(result.authorization_token && {authorization_token: '…'})});
      done(result);
    });
  } catch (error) {
    console.error(error); // a mistake of this page; the callback was told before
  }
}

// One widget at a time: the one of the choice. load again is also how a widget
// learns that the cart has changed, so it is simply called again.
function choose(method) {
  chosen = method;
  offered = false;
  finalizing = false;
  unplaced = '';
  for (const widget of document.querySelectorAll('[data-widget]')) widget.hidden = widget.dataset.widget !== method;
  if (method && method !== 'other') load(method);
  update();
}

function load(method) {
  // Customer data go with authorize, not before: until then the customer has
  // not said that Klarna may have them. The test persons of this shop do not mind.
  const data = state.load_data ? {billing_address: address()} : {};
  Klarna.Payments.init({client_token: state.client_token});
  call('load', {container: `#klarna-${method}`, payment_method_category: method}, data, (result) => {
    if (!result.show_form) return withdraw(method);
    option(method).hidden = false;
    if (method !== chosen) return;
    offered = true;
    update();
  });
}

function option(method) {
  return document.querySelector(`[data-option="${CSS.escape(method)}"]`);
}

// show_form: false means: not for this order. The choice is taken away, and the
// customer is told that others are left.
function withdraw(method) {
  if (page === 'review') {
    offered = false;
    update();
    const link = {text: 'Choose another way', href: base + 'checkout/payment'};
    return say('This payment was not approved. Please choose another way to pay.', {link});
  }
  option(method).hidden = true;
  option(method).querySelector('input').checked = false;
  if (method === chosen) choose('');
  say('This way to pay cannot be offered for this order. Please choose another one.');
}

/** The address of the form, or the one of the step before. */
function address() {
  const fields = form.querySelector('[data-address]');
  if (!fields) return state.billing_address;
  const typed = [...fields.querySelectorAll('input')].map((input) => [input.name, input.value.trim()]);
  return Object.fromEntries(typed.filter(([, value]) => value !== ''));
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (busy || !ready()) return;
  say('');
  if (page === 'review') return payAtReview();
  // The token is still good when only the shop's answer was lost.
  if (unplaced) return place(unplaced);
  // Called straight from the click, without waiting for anything before:
  // otherwise the browser may take a payment window for an unwanted popup.
  // There is no amount and no line in the data: the session has them, from the
  // shop's server.
  const options = {payment_method_category: chosen};
  if (finalizing) return pay('finalize', options);
  if (page === 'payment') options.auto_finalize = state.auto_finalize;
  pay('authorize', options, {billing_address: address()});
});

function payAtReview() {
  const approval = state.approval;
  const options = {payment_method_category: approval.payment_method_category};
  if (unplaced) return place(unplaced);
  if (approval.finalize_required) return pay('finalize', options);
  if (approval.current) return place('');  // the shop has the token
  pay('reauthorize', options);             // the cart has changed since
}

function pay(name, options, data = {}) {
  setBusy(true);
  call(name, options, data, (result) => {
    if (result.approved) return approved(result);
    setBusy(false);
    const fields = result.error?.invalid_fields;
    if (fields?.length) {
      if (form.querySelector('[data-address]')) return say('Some details need your attention.', {details: mark(fields)});
      const names = fields.map((path) => path.split('.').at(-1)).join(',');
      const link = {text: 'Mend the address', href: `${base}checkout/address?fields=${encodeURIComponent(names)}`};
      return say('Some details of your address need your attention.', {link});
    }
    // The customer has left the flow. That is no refusal: all stays as it was.
    if (result.show_form) return say('Nothing was paid. You can try again whenever you like.', {calm: true});
    withdraw(options.payment_method_category);
  });
}

async function approved(result) {
  if (page !== 'payment') {
    if (result.authorization_token) return place(result.authorization_token);
    // A preliminary yes: the method wants one more step before there is a token.
    finalizing = true;
    setBusy(false);
    return say('Almost done: press the button once more to finish the payment.', {calm: true});
  }
  try {
    const kept = await post('authorization', {
      payment_method_category: chosen, authorization_token: result.authorization_token, finalize_required: result.finalize_required === true,
    });
    if (kept.ok) return location.assign(base + 'checkout/review');
  } catch { /* told below */ }
  setBusy(false);
  say('The shop did not answer. Please try again.');
}

/** Asks the shop to order. "" is the token that the shop remembers. */
async function place(token) {
  setBusy(true);
  unplaced = token;
  let answer = {message: 'The shop did not answer. Try again: nothing is ordered twice.'};
  try {
    answer = await post('order', token ? {authorization_token: token, billing_address: address()} : {});
  } catch { /* the network; the message is there */ }
  if (answer.ok) return location.assign(answer.location);
  setBusy(false);
  const again = answer.again === true;
  if (again) {
    // What was approved is not what the cart is: only the customer can say yes
    // to it. On a page with a widget that is authorize, else reauthorize.
    unplaced = '';
    if (state.approval) state.approval.current = false;
    if (page === 'single') load(chosen);
  }
  const details = [...(answer.details ?? []), ...(again ? ['Press Pay to approve the cart as it is now.'] : [])];
  say(answer.message, {details, link: answer.explanation && {text: 'What the payment server says about it', href: answer.explanation}});
}

// The button keeps its focus while it waits: a disabled one would lose it.
function setBusy(now) {
  busy = now;
  for (const part of document.querySelectorAll('[data-lock]')) part.inert = now;
  update();
}

function ready() { return offered && changing === 0 && chosen !== 'other'; }

function update() {
  button.setAttribute('aria-disabled', String(busy || !ready()));
  button.setAttribute('aria-busy', String(busy || changing > 0));
}

form.addEventListener('change', (event) => { if (event.target.name === 'method') { say(''); choose(event.target.value); } });
document.addEventListener('person', () => { // another customer: what was refused before may be offered now
  state.load_data = true;
  for (const way of document.querySelectorAll('[data-option]')) way.hidden = false;
  if (page === 'single' && chosen && chosen !== 'other') load(chosen);
});
document.addEventListener('cart:changing', () => { changing++; unplaced = ''; update(); });
document.addEventListener('cart:changed', () => {
  changing--;
  if (state.count === 0) return location.assign(base + 'cart');
  if (!state.client_token) say('The payment server does not answer, so paying has to wait.');
  if (!state.client_token) offered = false;
  else if (page !== 'review' && chosen && chosen !== 'other') load(chosen);
  update();
});
document.querySelector('[data-old-approval]')?.addEventListener('click', () => { if (!busy) place(''); });
