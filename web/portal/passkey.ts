// Passkeys: what a form asks the browser for, and what the server is told of it.
// Without this, or where the browser knows none, the forms stay hidden.

interface Ceremony {
  ceremony: string;
  publicKey: PublicKeyCredentialCreationOptionsJSON & PublicKeyCredentialRequestOptionsJSON;
}

interface Told {
  next?: string;
  problem?: string;
}

/** Shows the forms that ask for passkeys where they can work. */
export function offerPasskeys(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-passkey]')) {
    if (form.dataset['origin'] !== location.origin || typeof PublicKeyCredential === 'undefined') {
      continue;
    }
    form.hidden = false;
    for (const absent of document.querySelectorAll<HTMLElement>('[data-passkey-absent]')) {
      absent.hidden = true;
    }
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void run(form);
    });
  }
}

async function run(form: HTMLFormElement): Promise<void> {
  const registers = form.dataset['passkey'] === 'register';
  const place = registers ? '/portal/account/passkeys' : '/portal/sign-in/passkey';
  const button = form.querySelector('button');
  say(form, '');
  if (button !== null) {
    button.disabled = true;
  }
  try {
    const begun = await post<Ceremony>(`${place}/begin`, {});
    const made = registers
      ? await navigator.credentials.create({ publicKey: creation(begun.publicKey) })
      : await navigator.credentials.get({ publicKey: request(begun.publicKey) });
    const told = await post<Told>(place, {
      ceremony: begun.ceremony,
      credential: written(made as PublicKeyCredential),
      name: new FormData(form).get('name') ?? '',
      next: form.dataset['next'] ?? '',
    });
    location.assign(told.next ?? '/portal/');
  } catch (error) {
    say(form, reason(error));
  } finally {
    if (button !== null) {
      button.disabled = false;
    }
  }
}

async function post<T>(address: string, body: unknown): Promise<T> {
  const answer = await fetch(address, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  if (!answer.headers.get('Content-Type')?.startsWith('application/json')) {
    throw new Error(answer.status === 429 ? 'Too many attempts. Wait a while, then try again.' : 'The server could not take that. Load the page again.');
  }
  const told = await answer.json() as T & Told;
  if (!answer.ok) {
    throw new Error(told.problem ?? 'The server could not take that.');
  }
  return told;
}

function reason(error: unknown): string {
  if (error instanceof DOMException) {
    return error.name === 'InvalidStateError' ? 'This device has a passkey for you already.' : 'No passkey was used: the browser stopped, or you did.';
  }
  return error instanceof Error ? error.message : 'That did not work.';
}

function say(form: HTMLFormElement, text: string): void {
  const problem = form.querySelector<HTMLElement>('[data-passkey-problem]');
  if (problem !== null) {
    problem.hidden = text === '';
    problem.textContent = text;
  }
}

function creation(json: PublicKeyCredentialCreationOptionsJSON): PublicKeyCredentialCreationOptions {
  return {
    ...json,
    challenge: bytes(json.challenge),
    user: { ...json.user, id: bytes(json.user.id) },
    excludeCredentials: described(json.excludeCredentials),
  } as unknown as PublicKeyCredentialCreationOptions; // the server asks for no extensions
}

function request(json: PublicKeyCredentialRequestOptionsJSON): PublicKeyCredentialRequestOptions {
  return { ...json, challenge: bytes(json.challenge), allowCredentials: described(json.allowCredentials) } as unknown as PublicKeyCredentialRequestOptions;
}

function described(list: PublicKeyCredentialDescriptorJSON[] | undefined): PublicKeyCredentialDescriptor[] {
  return (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }) as PublicKeyCredentialDescriptor);
}

/** The answer of a device as the server reads it: every buffer in base64url. */
function written(made: PublicKeyCredential): unknown {
  const response: Record<string, unknown> = {};
  const given = made.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse;
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'] as const) {
    const value = given[name];
    if (value instanceof ArrayBuffer) {
      response[name] = text(value);
    }
  }
  if (typeof given.getTransports === 'function') {
    response['transports'] = given.getTransports();
  }
  return {
    id: made.id, rawId: text(made.rawId), type: made.type, response,
    authenticatorAttachment: made.authenticatorAttachment ?? undefined, clientExtensionResults: made.getClientExtensionResults(),
  };
}

function bytes(base64url: string): ArrayBuffer {
  const decoded = atob(base64url.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(decoded, (c) => c.charCodeAt(0)).buffer;
}

function text(buffer: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
