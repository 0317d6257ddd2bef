// graphql-ws or graphql-sse: prints a line for each connection and each result of a subscription,
// up to the requested number of results. The first connection has the first of the tokens.
import { createClient as overSocket } from "graphql-ws";
import { createClient as overEvents } from "graphql-sse";

const [kind, url, results, document, ...tokens] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));
const token = () => `Bearer ${tokens.length > 1 ? tokens.shift() : tokens[0]}`;

const clients = {
  ws: () =>
    overSocket({
      url: url.replace(/^http/, "ws"),
      connectionParams: () => ({ authorization: token() }),
      retryAttempts: 20,
      retryWait: () => new Promise((resolve) => setTimeout(resolve, 200)),
      on: {
        connected: () => say({ connected: true }),
        closed: (event) => say({ closed: event.code }),
      },
    }),
  sse: () =>
    overEvents({
      url,
      headers: () => ({ authorization: token() }),
      retryAttempts: 20,
      retry: () => new Promise((resolve) => setTimeout(resolve, 200)),
      on: { connected: () => say({ connected: true }) },
    }),
};

const client = clients[kind]();
let left = Number(results);
const operation = client.iterate({ query: document });
try {
  for await (const result of operation) {
    say(result);
    left -= 1;
    if (left === 0) break;
  }
  say({ completed: true });
} catch (error) {
  say({ failed: error.code ?? error.message ?? error });
}
await client.dispose();
