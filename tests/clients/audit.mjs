// Runs the audits of GraphQL over HTTP on the server at a URL; with a token as that caller.
import { auditServer } from "graphql-http";

const [url, token] = process.argv.slice(2);
const fetchFn = (address, options = {}) => {
  const headers = { ...options.headers };
  if (token) headers.authorization = `Bearer ${token}`;
  return fetch(address, { ...options, headers });
};
const results = await auditServer({ url, fetchFn });
const said = results.map(({ id, name, status, reason }) => ({ id, name, status, reason }));
console.log(JSON.stringify(said));
