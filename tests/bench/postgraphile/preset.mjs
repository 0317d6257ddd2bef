// PostGraphile as its authors recommend it for production, with settings that make the three
// questions of the benchmark fast: https://postgraphile.org/postgraphile/5/performance
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgSmartTagsPlugin } from "postgraphile/utils";

// The totals' function is declared to return a set, because PostgreSQL inlines only such
// functions into the query; it returns one row, so its field is a single object.
const OneRowPlugin = {
  name: "OneRowPlugin",
  version: "1.0.0",
  gather: {
    hooks: {
      pgProcedures_functionResourceOptions(_info, event) {
        if (event.pgProc.proname === "unit_progress") {
          event.functionResourceOptions.returnsSetof = false;
        }
      },
    },
  },
};

// An initiative belongs to a federation, without a foreign key.
const RelationsPlugin = makePgSmartTagsPlugin([
  {
    kind: "class",
    match: "initiative",
    tags: { foreignKey: "(federation_id) references unit (id)" },
  },
]);

export function preset({ databaseUrl, poolSize, writing }, principalOf) {
  return {
    extends: [PostGraphileAmberPreset],
    plugins: [OneRowPlugin, RelationsPlugin],
    disablePlugins: writing ? [] : ["MutationPlugin"],
    // Plain lists instead of connections: the questions need only the page.
    schema: { defaultBehavior: "-connection +list" },
    pgServices: [
      makePgService({
        connectionString: databaseUrl,
        schemas: ["public"],
        poolConfig: { max: poolSize, min: poolSize },
      }),
    ],
    grafserv: { graphqlPath: "/graphql", graphiql: false, websockets: false, watch: false },
    grafast: {
      explain: false,
      context: async ({ node }) => ({ pgSettings: await principalOf(node.req) }),
    },
  };
}
