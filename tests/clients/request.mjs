// graphql-request: prints the result of each document.
import { ClientError, GraphQLClient } from "graphql-request";
import { INVALID, MUTATION, QUERY, VALID, WRONG } from "./documents.mjs";

const [url, token] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };
const client = new GraphQLClient(url, { headers });
const byGet = new GraphQLClient(url, { headers, method: "GET" });

const wrong = await client.request(WRONG).catch((error) => error);
const stranger = new GraphQLClient(url, { headers: { authorization: "Bearer nonsense" } });
const refused = await stranger.request(QUERY, { code: "TTTT" }).catch((error) => error);
console.log(
  JSON.stringify({
    post: await client.request(QUERY, { code: "TTTT" }),
    get: await byGet.request(QUERY, { code: "TTTT" }),
    valid: await client.request(MUTATION, { input: VALID }),
    invalid: await client.request(MUTATION, { input: INVALID }),
    isClientError: wrong instanceof ClientError && refused instanceof ClientError,
    wrong: wrong.response.errors[0].extensions.code,
    refused: [refused.response.status, refused.response.errors[0].extensions.code],
  }),
);
