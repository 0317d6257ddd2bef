// The example queries, in the order of their tabs. Each has its own file, so
// that the tests can validate it against the schema.
import initiatives from "./examples/initiatives.graphql";
import pace from "./examples/pace.graphql";
import ranking from "./examples/ranking.graphql";
import unionTree from "./examples/union-tree.graphql";
import viewer from "./examples/viewer.graphql";

export const examples = [
  { title: "Who am I", query: viewer },
  { title: "Union tree with progress", query: unionTree },
  { title: "Initiatives of a unit", query: initiatives },
  { title: "Ranking of a phase", query: ranking },
  { title: "Pace of phase 2", query: pace },
];
