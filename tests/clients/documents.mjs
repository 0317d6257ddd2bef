// The clients' documents: a query, a mutation whose result is a union, and an invalid query.
export const QUERY = `query Unit($code: String!) {
  viewer { account { username } }
  unit(code: $code) { code level }
}`;

export const MUTATION = `mutation Draft($input: DraftInitiativeInput!) {
  draftInitiative(input: $input) {
    __typename
    ... on InitiativePayload { initiative { title state } }
    ... on InvalidInput { code problems { path code } }
    ... on Error { message }
  }
}`;

export const WRONG = "query Wrong { nothingOfThatName }";

export const VALID = {
  campaign: "1TRSK",
  title: "Giá đỡ cáp bằng vật liệu tái sử dụng",
  summary: "Giảm một nửa thời gian kéo cáp.",
  content: "Bản vẽ và cách làm.",
  solutionType: "TECHNICAL",
  appliedOn: "2022-09-01",
};
export const INVALID = { ...VALID, title: "" };
