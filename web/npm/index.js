// One page has one Klarna, so there is one load, whoever asks first.
let loading;

/** @param {string} url @returns {Promise<object>} Klarna.Payments */
export function loadKlarnaPayments(url) {
  loading ??= load(url).catch((error) => {
    loading = undefined; // the next call tries again
    throw error;
  });
  return loading;
}

function load(url) {
  return new Promise((resolve, reject) => {
    if (typeof document === 'undefined') throw new Error('loadKlarnaPayments needs a browser.');
    if (window.Klarna?.Payments) return resolve(window.Klarna.Payments);
    const script = document.createElement('script');
    script.src = url;
    script.async = true;
    const fail = (why) => {
      script.remove();
      reject(new Error(`${url} ${why}`));
    };
    script.onload = () => (window.Klarna?.Payments ? resolve(window.Klarna.Payments) : fail('did not define Klarna.Payments.'));
    script.onerror = () => fail('could not be loaded.');
    document.head.append(script);
  });
}
