// Sends operations to the server: queries and mutations by POST, subscriptions
// by graphql-transport-ws, all to the URL that this page was loaded from.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";
import { authorization } from "./session.js";

const endpoint = location.origin + location.pathname;

async function fetchAsChosen(url, request) {
  const headers = new Headers(request.headers);
  const value = await authorization();
  // A header from the headers editor has precedence.
  if (value && !headers.has("authorization")) headers.set("authorization", value);
  // The server rejects requests with both a token and a browser session.
  const credentials = headers.has("authorization") ? "omit" : "same-origin";
  if (credentials === "same-origin") headers.set("x-sangkien-csrf", "1");
  return fetch(url, { ...request, headers, credentials });
}

export const fetcher = createGraphiQLFetcher({
  url: endpoint,
  fetch: fetchAsChosen,
  enableIncrementalDelivery: false,
  // Lazy: a socket opens for a subscription and closes after it, so each one
  // uses the account chosen at that time.
  wsClient: createClient({
    url: endpoint.replace(/^http/, "ws"),
    retryAttempts: 0,
    connectionParams: async () => {
      const value = await authorization();
      return value ? { Authorization: value } : {};
    },
  }),
});
