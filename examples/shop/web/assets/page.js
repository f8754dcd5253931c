// What every page of the shop does: a cart that changes without leaving the
// page, and the words the customer is told.

export const page = document.body.dataset.page;
export const base = document.body.dataset.base;

// The server's view of this visit. It has no prices to compute with: amounts
// are the server's business, and what is shown here is text.
export const state = JSON.parse(document.getElementById('state').textContent);

/** Sends JSON to the shop. `ok` tells whether it was taken. */
export async function post(path, body) {
  const response = await fetch(base + path, {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
  });
  const answer = response.status === 204 ? {} : await response.json();
  refreshCalls();
  return {ok: response.ok, ...answer};
}

/** Tells the customer something, with lines of detail and a link if there are. Calm is what went as the customer wanted. */
export function say(text, {details = [], link = null, calm = false} = {}) {
  const box = document.querySelector('[data-message]');
  box.hidden = text === '';
  box.classList.toggle('calm', calm);
  box.replaceChildren(element('p', text));
  if (details.length) box.append(element('ul', ...details.map((line) => element('li', line))));
  if (link) box.append(Object.assign(element('a', link.text), {href: link.href}));
}

function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

/** Adds what the page said to Klarna.Payments to the list at its bottom. */
export function note(said, what) {
  const list = document.querySelector('[data-said]');
  list.closest('[hidden]')?.removeAttribute('hidden');
  list.append(element('li', element('code', said), ' ', element('code', JSON.stringify(what))));
}

async function refreshCalls() {
  const response = await fetch(base + 'calls');
  if (response.ok) document.querySelector('[data-calls]').innerHTML = await response.text();
}

/** Marks the fields of error.invalid_fields and returns the paths without one. */
export function mark(paths) {
  const fields = paths.map((path) => typed(path.split('.').at(-1)));
  for (const field of fields.filter(Boolean)) {
    field.setAttribute('aria-invalid', 'true');
    document.getElementById(field.getAttribute('aria-describedby')).textContent = 'Please check this.';
    field.addEventListener('input', () => unmark(field), {once: true});
  }
  fields.find(Boolean)?.focus();
  return paths.filter((_, i) => !fields[i]);
}

/** The field of the address form that the customer types into. */
function typed(name) {
  return document.querySelector(`[data-address] input:not([type=hidden])[name="${CSS.escape(name)}"]`);
}

function unmark(field) {
  field.removeAttribute('aria-invalid');
  document.getElementById(field.getAttribute('aria-describedby')).textContent = '';
}

// A change of the cart goes to the server and comes back as the new cart. One
// after the other: the answers must not overtake each other.
let changes = Promise.resolve();
document.addEventListener('submit', (event) => {
  if (!event.target.matches('[data-cart]')) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(event.target, event.submitter));
  document.dispatchEvent(new Event('cart:changing'));
  changes = changes.then(() => change(body, event.submitter)).catch(() => {
    say('The shop did not answer. The cart is as it was.');
    document.dispatchEvent(new Event('cart:changed'));
  });
});

async function change(body, button) {
  const response = await fetch(base + 'cart', {method: 'POST', headers: {Accept: 'application/json'}, body});
  if (!response.ok) throw new Error(`cart: ${response.status}`);
  Object.assign(state, await response.json());
  const lines = document.querySelector('[data-lines]');
  if (lines) {
    lines.innerHTML = state.cart_html; // made by the shop's own template, which escapes
    (document.getElementById(button.id) ?? lines.querySelector('button, a'))?.focus();
  }
  for (const total of document.querySelectorAll('[data-total]')) total.textContent = state.total;
  document.querySelector('[data-count]').textContent = state.count;
  document.querySelector('[data-announcement]').textContent =
    `${button.dataset.did}. ${state.count} in the cart, ${state.total}.`;
  refreshCalls();
  document.dispatchEvent(new Event('cart:changed'));
}

// Test persons fill the address form.
for (const button of document.querySelectorAll('[data-person]')) {
  button.addEventListener('click', () => {
    for (const [name, value] of Object.entries({region: '', ...state.persons[button.dataset.person]})) {
      const field = typed(name);
      if (!field) continue;
      field.value = value;
      unmark(field);
    }
    document.dispatchEvent(new Event('person'));
  });
}

const wanting = new URLSearchParams(location.search).get('fields');
if (wanting) mark(wanting.split(','));
