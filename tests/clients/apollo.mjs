// Apollo Client: its cache after pages of a connection and after a mutation of a unit.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";
import { readFileSync } from "node:fs";
import { buildSchema, isAbstractType } from "graphql";

const [url, token, sdl] = process.argv.slice(2);
const schema = buildSchema(readFileSync(sdl, "utf8"));
const possibleTypes = Object.fromEntries(
  Object.values(schema.getTypeMap())
    .filter(isAbstractType)
    .map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]),
);
const pages = relayStylePagination(["filter", "orderBy"]);
const cache = new InMemoryCache({
  possibleTypes,
  typePolicies: {
    Query: { fields: { units: pages } },
    Unit: { fields: { initiatives: pages, children: pages } },
  },
});
let requests = 0;
const counting = new ApolloLink((operation, forward) => {
  requests += 1;
  return forward(operation);
});
const http = new HttpLink({ uri: url, headers: { authorization: `Bearer ${token}` } });
const client = new ApolloClient({ cache, link: counting.concat(http) });

/** Fetch all pages of a watched query, and return the joined result. */
async function turned(query, variables, connection, forward = true) {
  let { data } = await client.query({ query, variables });
  const watched = client.watchQuery({ query, variables });
  const stop = watched.subscribe({});
  for (let page = 0; page < 1000; page += 1) {
    const { pageInfo } = connection(data);
    if (forward ? !pageInfo.hasNextPage : !pageInfo.hasPreviousPage) break;
    const place = forward ? { after: pageInfo.endCursor } : { before: pageInfo.startCursor };
    await watched.fetchMore({ variables: place });
    data = client.readQuery({ query, variables });
  }
  stop.unsubscribe();
  const { edges, totalCount } = connection(data);
  return { keys: edges.map(({ node }) => node.number ?? node.code), totalCount };
}

const PAGE = "edges { cursor node { id code name } } totalCount";
const UNITS = gql`query Units($under: String, $first: Int!, $after: String) {
  units(filter: { under: $under }, first: $first, after: $after) {
    ${PAGE} pageInfo { hasNextPage endCursor }
  }
}`;
const BACKWARDS = gql`query Backwards($last: Int!, $before: String) {
  units(orderBy: { field: NAME }, last: $last, before: $before) {
    ${PAGE} pageInfo { hasPreviousPage startCursor }
  }
}`;
const INITIATIVES = gql`
  query Initiatives($code: String!, $first: Int!, $after: String) {
    unit(code: $code) {
      id
      initiatives(
        first: $first
        after: $after
        filter: { state: [CONFIRMED] }
        orderBy: { field: BENEFIT, direction: DESC }
      ) {
        edges { node { id number } }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }
  }
`;
const units = await turned(UNITS, { under: "TTTT", first: 7 }, (data) => data.units);
const all = await turned(UNITS, { under: null, first: 50 }, (data) => data.units);
const backwards = await turned(BACKWARDS, { last: 30 }, (data) => data.units, false);
const initiatives = await turned(
  INITIATIVES,
  { code: "VNPT", first: 60 },
  (data) => data.unit.initiatives,
);

const UNIT = gql`query Unit($code: String!) { unit(code: $code) { id code name version } }`;
const RENAME = gql`
  mutation Rename($input: UpdateUnitInput!) {
    updateUnit(input: $input) {
      ... on UnitPayload { unit { id name version } }
      ... on Conflict { version }
      ... on Error { code message }
    }
  }
`;
const seen = [];
const watched = client.watchQuery({ query: UNIT, variables: { code: "VNPT-HNI" } });
const stop = watched.subscribe({
  next: ({ data }) => data && seen.push([data.unit.name, data.unit.version]),
});
const { data: before } = await client.query({ query: UNIT, variables: { code: "VNPT-HNI" } });
const { id, version } = before.unit;

/** Rename with an optimistic response, and return the result. */
async function rename(name, expected) {
  const optimistic = { __typename: "Unit", id, name, version: expected + 1 };
  const { data } = await client.mutate({
    mutation: RENAME,
    variables: { input: { unit: "VNPT-HNI", name, version: expected } },
    optimisticResponse: { updateUnit: { __typename: "UnitPayload", unit: optimistic } },
  });
  return data.updateUnit;
}

const asked = requests;
const renamed = await rename("Công đoàn thử nghiệm", version);
const stale = await rename("Công đoàn của người đến sau", version);
const listed = client.readQuery({ query: UNITS, variables: { under: "TTTT", first: 7 } });
stop.unsubscribe();
console.log(
  JSON.stringify({
    units,
    all,
    backwards,
    initiatives,
    before: before.unit,
    renamed,
    stale,
    seen,
    requests: requests - asked,
    listed: listed.units.edges.find(({ node }) => node.id === id).node.name,
    entities: Object.keys(cache.extract()).filter((key) => key.startsWith("Unit:")).length,
  }),
);
