// Drives the published client against a server of ours and writes what the
// client returned to the file RESULT. The client's addresses are fixed, so
// every TLS connection of this process goes to the port FRONT instead; host
// names, certificates and the client itself stay as they are.
import fs from "node:fs";
import https from "node:https";
import { createRequire } from "node:module";

const { PACKAGES, FRONT, SERVER, RESULT } = process.env;
const { Payments } = createRequire(PACKAGES + "/")("@agoransson/klarna-payments");
const { getRegion } = createRequire(PACKAGES + "/")("@agoransson/klarna-payments/dist/utils.js");

const agent = new https.Agent({ keepAlive: true });
const connect = agent.createConnection.bind(agent);
agent.createConnection = (options, done) => connect({ ...options, host: "127.0.0.1", port: Number(FRONT) }, done);
https.globalAgent = agent;

const config = { isLive: false, region: getRegion(""), username: "npm", password: "secret" };
const client = (changes = {}) => new Payments({ config: { ...config, ...changes } }).v100;
const { sessions, orders } = client();

const cart = (quantity) => ({
  order_amount: quantity * 500,
  order_lines: [{ name: "Scarf", quantity, unit_price: 500, total_amount: quantity * 500 }],
});
const session = {
  purchase_country: "SE", purchase_currency: "SEK", locale: "sv-SE", merchant_reference1: "4711",
  merchant_urls: { confirmation: "https://shop.example/thanks" }, ...cart(2),
};

// The browser's part.
async function authorize(id) {
  const answer = await fetch(`${SERVER}/kvitto/v1/sessions/${id}/authorize`, {
    method: "POST", headers: { Authorization: "Basic " + Buffer.from("npm:secret").toString("base64") },
  });
  return (await answer.json()).authorization_token;
}

// What a promise rejects with, as the client names it.
const refusal = (promise) => promise.then(
  (value) => ({ value: value ?? null }),
  (error) => ({ name: error.constructor.name, code: error.code ?? null }),
);

const result = {};
result.created = await sessions.createCreditSession(session);
const id = result.created.session_id;
result.read = await sessions.readCreditSession(id);
result.updateReturned = (await sessions.updateCreditSession(id, cart(3))) ?? null;
result.updated = await sessions.readCreditSession(id);

result.token = await authorize(id);
result.authorized = await sessions.readCreditSession(id);
result.cancelReturned = (await orders.cancelAuthorization(result.token)) ?? null;
result.cancelled = await sessions.readCreditSession(id);

const plan = await sessions.createCreditSession({ ...session, intent: "buy_and_tokenize" });
result.customerToken = await orders.generateConsumerToken(await authorize(plan.session_id), {
  description: "Plan", intended_use: "SUBSCRIPTION", locale: "sv-SE", purchase_country: "SE", purchase_currency: "SEK",
});

result.refusals = {
  create: await refusal(sessions.createCreditSession({ ...session, order_amount: 1 })),
  update: await refusal(sessions.updateCreditSession(id, { order_amount: 1 })),
  unknown: await refusal(sessions.updateCreditSession("5ab38828-3664-3246-9785-31d37f75978c", {})),
  cancelTwice: await refusal(orders.cancelAuthorization(result.token)),
  credentials: await refusal(client({ password: "invalid" }).sessions.createCreditSession(session)),
};

result.regions = {};
for (const region of ["", "-na", "-oc"]) {
  for (const isLive of [true, false]) {
    const created = await client({ isLive, region: getRegion(region) }).sessions.createCreditSession(session);
    result.regions[`${region} ${isLive ? "live" : "playground"}`] = created.session_id !== "";
  }
}

fs.writeFileSync(RESULT, JSON.stringify(result));
agent.destroy();
