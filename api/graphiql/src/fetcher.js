// How operations reach the server: queries and mutations by POST, subscriptions
// by graphql-transport-ws, all to the address that this page was loaded from.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";
import { authorization } from "./session.js";

const endpoint = location.origin + location.pathname;

async function fetchAsChosen(url, request) {
  const headers = new Headers(request.headers);
  const value = await authorization();
  // A header that the reader typed in the headers editor wins.
  if (value && !headers.has("authorization")) headers.set("authorization", value);
  // A token and the browser session together would be refused: it is one or the other.
  const credentials = headers.has("authorization") ? "omit" : "same-origin";
  if (credentials === "same-origin") headers.set("x-sangkien-csrf", "1");
  return fetch(url, { ...request, headers, credentials });
}

export const fetcher = createGraphiQLFetcher({
  url: endpoint,
  fetch: fetchAsChosen,
  enableIncrementalDelivery: false,
  // Lazy: a socket opens for a subscription and closes after it, so each one
  // is started as the account chosen at that moment.
  wsClient: createClient({
    url: endpoint.replace(/^http/, "ws"),
    retryAttempts: 0,
    connectionParams: async () => {
      const value = await authorization();
      return value ? { Authorization: value } : {};
    },
  }),
});
