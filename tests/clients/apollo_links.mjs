// Apollo Client's links: errors by code, a token renewed on 401, persisted queries, batches.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, CombinedGraphQLErrors } from "@apollo/client";
import { HttpLink, InMemoryCache, gql } from "@apollo/client";
import { BatchHttpLink } from "@apollo/client/link/batch-http";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { from, switchMap } from "rxjs";

const [uri, token] = process.argv.slice(2);
const sent = [];
const watching = async (address, options) => {
  const response = await fetch(address, options);
  sent.push([options.method, response.status, /"query":|[?&]query=/.test(options.body ?? address)]);
  return response;
};
const http = new HttpLink({ uri, fetch: watching });
const of = (...links) =>
  new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from(links) });
const bearing = (bearer) =>
  new SetContextLink(({ headers }) => ({
    headers: { ...headers, authorization: `Bearer ${bearer()}` },
  }));
const code = (error) => CombinedGraphQLErrors.is(error) && error.errors[0].extensions.code;
const taken = () => sent.splice(0);

const UNIT = gql`query Unit($code: String!) { unit(code: $code) { id code } }`;
const WRONG = gql`query Wrong { nothingOfThatName }`;
const ask = { query: UNIT, variables: { code: "VNPT-HNI" }, fetchPolicy: "no-cache" };

const plain = of(bearing(() => token), http);
const thrown = await plain.query({ query: WRONG }).catch(code);
const told = await plain.query({ query: WRONG, errorPolicy: "all" });
const refused = await of(bearing(() => "nonsense"), http).query(ask).catch(code);
taken();

// The token has expired: the link renews it once and repeats the operation.
let bearer = "expired";
const renewing = new ErrorLink(({ error, operation, forward }) => {
  if (code(error) !== "UNAUTHENTICATED" || operation.getContext().renewed) return;
  operation.setContext({ renewed: true });
  return from(Promise.resolve(token)).pipe(
    switchMap((fresh) => {
      bearer = fresh;
      return forward(operation);
    }),
  );
});
const renewed = await of(renewing, bearing(() => bearer), http).query(ask);
const renewal = taken();

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const hashed = (options) =>
  of(bearing(() => token), new PersistedQueryLink({ sha256, ...options }), http);
const once = hashed({});
await once.query(ask);
await once.query(ask);
const byHash = taken();
const got = await hashed({ useGETForHashedQueries: true }).query(ask);
const byGet = taken();

const batched = of(bearing(() => token), new BatchHttpLink({ uri, fetch: watching }));
const batches = await Promise.allSettled([batched.query(ask), batched.query(ask)]);
console.log(
  JSON.stringify({
    thrown,
    told: [told.data ?? null, code(told.error)],
    refused,
    renewed: renewed.data.unit.code,
    renewal,
    byHash,
    byGet: [got.data.unit.code, byGet],
    batches: batches.map(({ value, reason }) => value?.data.unit.code ?? code(reason)),
  }),
);
