// The operations of an application with typed documents.
import { graphql } from "./gql";

export const unit = graphql(`
  query Unit($code: String!, $campaign: String!) {
    unit(code: $code) {
      ...UnitName
      progress(campaign: $campaign) {
        submitted
        target
      }
    }
  }
`);

export const name = graphql(`
  fragment UnitName on Unit {
    code
    name
  }
`);

export const draft = graphql(`
  mutation Draft($input: DraftInitiativeInput!) {
    draftInitiative(input: $input) {
      ... on InitiativePayload {
        initiative {
          number
        }
      }
      ... on InvalidInput {
        problems {
          path
          message
        }
      }
    }
  }
`);
