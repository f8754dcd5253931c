// Creates a session under each host name that it is given: by https with names
// looked up as a hosts file would, and through the proxy by CONNECT. Prints
// "NAME 200" when both answered 200.
import http from "node:http";
import https from "node:https";

const { TLS_PORT, PROXY_PORT, CART } = process.env;

// post sends the cart and resolves with the status.
function post(options) {
  return new Promise((resolve, reject) => {
    const request = https.request({
      method: "POST", path: "/payments/v1/sessions", auth: "node:secret", agent: false,
      headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(CART) }, ...options,
    }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode));
    });
    request.on("error", reject);
    request.end(CART);
  });
}

// tunnel opens a connection to a name through the proxy.
function tunnel(name) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port: PROXY_PORT, method: "CONNECT", path: `${name}:443`, agent: false });
    request.on("connect", (answer, socket) => {
      if (answer.statusCode === 200) resolve(socket);
      else reject(new Error(`CONNECT ${name}: ${answer.statusCode}`));
    });
    request.on("error", reject);
    request.end();
  });
}

const lookup = (name, options, done) =>
  options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);

for (const name of process.argv.slice(2)) {
  const mapped = await post({ host: name, port: TLS_PORT, lookup, headers: {
    Host: name, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(CART) } });
  const proxied = await post({ host: name, port: 443, socket: await tunnel(name), servername: name });
  console.log(mapped === 200 && proxied === 200 ? `${name} 200` : `${name} ${mapped} ${proxied}`);
}
