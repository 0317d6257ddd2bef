// urql: prints the result of each document.
import { Client, fetchExchange } from "@urql/core";
import { INVALID, MUTATION, QUERY, VALID, WRONG } from "./documents.mjs";

const [url, token] = process.argv.slice(2);
const of = (bearer, preferGetMethod = false) =>
  new Client({
    url,
    exchanges: [fetchExchange],
    preferGetMethod,
    fetchOptions: { headers: { authorization: `Bearer ${bearer}` } },
  });
const client = of(token);

const wrong = await client.query(WRONG, {}).toPromise();
const refused = await of("nonsense").query(QUERY, { code: "TTTT" }).toPromise();
console.log(
  JSON.stringify({
    post: (await client.query(QUERY, { code: "TTTT" }).toPromise()).data,
    get: (await of(token, "force").query(QUERY, { code: "TTTT" }).toPromise()).data,
    valid: (await client.mutation(MUTATION, { input: VALID }).toPromise()).data,
    invalid: (await client.mutation(MUTATION, { input: INVALID }).toPromise()).data,
    wrong: wrong.error.graphQLErrors[0].extensions.code,
    refused: [refused.error.response.status, refused.error.graphQLErrors[0]?.extensions.code],
  }),
);
