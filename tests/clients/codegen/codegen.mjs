// graphql-codegen's client preset on the schema, with persisted documents.
import { generate } from "@graphql-codegen/cli";

await generate({
  schema: "../schema.graphql",
  documents: "operations.ts",
  generates: { "gql/": { preset: "client", presetConfig: { persistedDocuments: true } } },
  config: { scalars: { Date: "string", DateTime: "string", VND: "number" } },
  silent: true,
});
