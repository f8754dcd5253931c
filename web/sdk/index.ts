import { Application } from './application';
import { buttons } from './buttons';
import './environment';
import { initOf, methods, type Method } from './payments';

/** The old namespaces, each with the methods it had. */
const legacy: Record<string, string[]> = {
  Credit: ['load', 'authorize', 'on', 'off', 'reauthorize', 'loadPaymentReview'],
  DirectDebit: ['load', 'authorize', 'on', 'off', 'reauthorize'],
  DirectBankTransfer: ['load', 'authorize', 'on', 'off', 'finalize'],
};

function legacyNamespace(names: string[]): Record<string, Method> {
  const application = new Application();
  const all = methods(application, true);
  const namespace: Record<string, Method> = { init: initOf(application, () => namespace) };
  for (const name of names) namespace[name] = all[name] as Method;
  return namespace;
}

function payments(): object {
  const application = new Application();
  const namespace: object = {
    init: initOf(application, () => namespace),
    ...methods(application, false),
    Buttons: buttons(application.events),
    get initialized() {
      return application.token?.scheme === true;
    },
  };
  return namespace;
}

function install(): void {
  const klarna = (window.Klarna ??= {});
  klarna['Payments'] ??= payments();
  for (const [name, names] of Object.entries(legacy)) klarna[name] ??= legacyNamespace(names);
}

install(); // a second inclusion finds everything there
if (typeof window.klarnaAsyncCallback === 'function') (window.klarnaAsyncCallback as () => void)();
