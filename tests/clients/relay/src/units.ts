// Documents of a Relay application: a page of a connection, a node by its id, a mutation.
import { graphql } from "relay-runtime";

export const page = graphql`
  query unitsPageQuery($first: Int!, $after: String) {
    viewer {
      account {
        username
      }
    }
    ...units_list @arguments(first: $first, after: $after)
  }
`;

export const list = graphql`
  fragment units_list on Query
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" })
  @refetchable(queryName: "unitsListPaginationQuery") {
    units(first: $first, after: $after) @connection(key: "units_list_units") {
      edges {
        node {
          ...units_item
        }
      }
    }
  }
`;

export const item = graphql`
  fragment units_item on Unit @refetchable(queryName: "unitsItemRefetchQuery") {
    code
    name
    level
    parent {
      code
    }
  }
`;

export const submit = graphql`
  mutation unitsSubmitMutation($input: SubmitInitiativeInput!) {
    submitInitiative(input: $input) {
      __typename
      ... on InitiativePayload {
        initiative {
          id
          state
          submittedAt
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`;
