"""Documents and steps of tests that submit initiatives and decide on them."""

from itertools import count
from typing import Any

import psycopg

from db.verify import verify
from tests.client import Client

ERRORS = """... on Error { __typename code message }
    ... on InvalidInput { problems { path code limit } }
    ... on Conflict { version state awaits }
    ... on Forbidden { permission unitCode }
    ... on NotFound { what key }"""
BODY = """number state version awaits { code } recognisedAt confirmedAt publishedAt benefitVerified
    reviews { decision reason decisionNumber verified scores { criterion score } unit { code } }"""
REVIEW = f"""mutation ($input: ReviewInitiativeInput!) {{ reviewInitiative(input: $input) {{
    ... on InitiativePayload {{ __typename initiative {{ {BODY} }} }}
    ... on ReviewRejected {{ state awaits }} {ERRORS} }} }}"""
SEVERAL = f"""mutation ($input: ReviewInitiativesInput!) {{ reviewInitiatives(input: $input) {{
    ... on ReviewsPayload {{ __typename results {{
        number initiative {{ number state }} error {{ code message }} }} }}
    ... on DecisionRefused {{ index number state awaits version }} {ERRORS} }} }}"""
PUBLISH = f"""mutation ($input: PublishInitiativeInput!) {{ publishInitiative(input: $input) {{
    ... on InitiativePayload {{ __typename initiative {{ {BODY} }} }}
    ... on PublicationRejected {{ state }} {ERRORS} }} }}"""
LINK = f"""mutation ($input: LinkDuplicateInput!) {{ linkDuplicate(input: $input) {{
    ... on DuplicatePayload {{ __typename initiative {{ {BODY} }} original {{ number state }} }}
    ... on DuplicateRejected {{ state }} {ERRORS} }} }}"""
DRAFT = """mutation ($input: DraftInitiativeInput!) { draftInitiative(input: $input) {
    ... on InitiativePayload { initiative { number } } ... on Error { code message } } }"""
SUBMIT = """mutation ($input: SubmitInitiativeInput!) { submitInitiative(input: $input) {
    ... on InitiativePayload { initiative { state } } ... on Error { code message } } }"""
LINE = (("unit-officer", "VNPT-HNI"), ("upper-officer", "VNPT"), ("council", "TTTT"))
GRANT = """insert into role_grant (account_id, role, unit_id, valid_from)
    select a.id, %s, u.id, '2022-01-01' from account a, unit u
    where a.username = %s and u.code = %s"""
ACCOUNT = """with named (username) as (values (%s)), behind as (
        insert into person (code, name, unit_id, sector)
        select 'STAFF-' || username, 'Cán bộ thử', u.id, 'PUBLIC'
        from named, unit u where u.parent_id is null returning id
    ) insert into account (username, kind, person_id)
    select username, 'PERSON', behind.id from named, behind"""
_titles = count(1)


async def ask(http: Client, document: str, username: str | None, **fields: Any) -> Any:
    """Return the result of a mutation for these input fields."""
    data = await http.data(document, username, variables={"input": fields})
    return next(iter(data.values()))


async def handed_in(http: Client, **changes: Any) -> str:
    """Submit an initiative as `member`, or as `support` if authors are named."""
    given = {
        "campaign": "1TRSK",
        "title": f"Sáng kiến thử số {next(_titles)}",
        "summary": "Giảm một nửa thời gian kéo cáp.",
        "content": "Bản vẽ và cách làm.",
        "solutionType": "TECHNICAL",
        "appliedOn": "2022-09-01",
        "unit": "VNPT-HNI",
        "claimed": [6_000_000_000],
        **changes,
    }
    who = "support" if "authors" in changes else "member"
    drafted = await ask(http, DRAFT, who, **given)
    number: str = drafted["initiative"]["number"]
    assert await ask(http, SUBMIT, who, number=number) == {"initiative": {"state": "SUBMITTED"}}
    return number


async def approve(http: Client, username: str, number: str, **fields: Any) -> Any:
    """Approve as an account, which must succeed."""
    answer = await ask(http, REVIEW, username, number=number, decision="APPROVE", **fields)
    assert answer["__typename"] == "InitiativePayload", answer
    return answer["initiative"]


async def rise(http: Client, number: str, levels: int = 3) -> Any:
    """Approve at each level of the approval chain in turn."""
    risen = None
    for username, _ in LINE[:levels]:
        risen = await approve(http, username, number)
    return risen


def run(url: str, statement: str, *values: Any) -> None:
    """Change the database as its owner."""
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode(), values)


def one(url: str, query: str, *values: Any) -> Any:
    """Return the first column of the first row of a query."""
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return row[0]


def total(url: str, column: str, unit: str = "TLD", ordinal: int = 2) -> int:
    """Return a total of a phase."""
    query = f"""select coalesce(sum({column}), 0) from rollup r join unit u on u.id = r.unit_id
        where u.code = %s and ordinal = %s"""
    return int(one(url, query, unit, ordinal))


def freeze(url: str, ordinal: int = 2) -> None:
    """Freeze the results of a phase."""
    run(url, "update phase set frozen_at = now() where ordinal = %s", ordinal)


def exact(url: str) -> bool:
    """Return whether every total equals its recount."""
    with psycopg.connect(url) as connection:
        return verify(connection).differences == []


def appoint(url: str, username: str, role: str, unit: str) -> None:
    """Grant an account a role; create the account, with a person, if it does not exist."""
    if not one(url, "select count(*) from account where username = %s", username):
        run(url, ACCOUNT, username)
    run(url, GRANT, role, username, unit)
