"""Abuse of access tokens: guessing, tampering, sharing."""

import re

import psycopg
import pytest

from db.rules import access_token
from db.url import READER, WRITER, with_role
from tests.mutating import change, value
from tests.token_holding import LIST, code_of, holding
from tests.visitor import CLIENT_SECRET, Visitor, site


@pytest.fixture
async def http(programme):
    """A site with the demo's data."""
    async with holding(programme) as made:
        yield made


# Guessing


async def test_guessing_does_not_hammer_the_database(programme, http):
    reader = http.http._transport.app.state.reader
    fetch, looked_up = reader.fetch_row, []

    async def counted(sql, *values):
        if "access_token_holder" in sql:
            looked_up.append(values)
        return await fetch(sql, *values)

    known = await http.secret("member")
    await http.by(known)
    tokens = http.http._transport.app.state.access_tokens
    tokens._fetch = counted
    same = access_token.new()
    assert {(await http.by(same)).status_code for _ in range(20)} == {401}
    assert len(looked_up) == 1
    assert {(await http.by(f"skpat_{n:038}")).status_code for n in range(20)} == {401}
    assert len(looked_up) == 1
    statuses = [(await http.by(access_token.new())).status_code for _ in range(600)]
    assert set(statuses) == {401, 429}
    assert len(looked_up) < 600
    assert (await http.by(known)).status_code == 200  # from the same address
    assert len(tokens._worthless) <= tokens._size


async def test_what_is_remembered_of_tokens_is_bounded(programme, http):
    tokens = http.http._transport.app.state.access_tokens
    tokens._size = 10
    secrets = [await http.secret("member") for _ in range(12)]
    for secret in (*secrets, *(access_token.new() for _ in range(30))):
        await http.by(secret)
    assert (len(tokens._known), len(tokens._worthless)) == (10, 10)
    assert {(await http.by(secret)).status_code for secret in secrets} == {200}


# Other endpoints


async def test_a_token_is_nothing_at_the_issuers_endpoints(http):
    secret = await http.secret("member")
    bearer = {"Authorization": f"Bearer {secret}"}
    told = await http.http.get("/oauth/userinfo", headers=bearer)
    assert told.status_code == 401
    grant = {"grant_type": "refresh_token", "refresh_token": secret, "client_id": "graphiql"}
    assert (await http.http.post("/oauth/token", data=grant)).status_code in {400, 401}
    assert code_of(await http.by("skpat_x" + secret)) == "UNAUTHENTICATED"


async def test_applications_learn_nothing_of_a_token(identity):
    """Introspection and revocation only handle tokens of the issuer."""
    change(
        identity,
        """insert into access_token (account_id, name, token_hash, expires_at)
           values (1, 'x', %s, now() + interval '1 day')""",
        access_token.hashed(known := access_token.new()),
    )
    async with site(identity) as at:
        at.register_robot("feed", may_introspect=True)
        auth = ("feed", CLIENT_SECRET)
        told = await at.post("/oauth/introspect", {"token": known}, auth=auth)
        assert told.json() == {"active": False}
        assert (await at.post("/oauth/revoke", {"token": known}, auth=auth)).status_code == 200
        assert value(identity, "select revoked_at from access_token") is None


async def test_a_session_of_our_pages_makes_tokens(identity):
    create = """mutation { createAccessToken(input: {name: "x", days: 1}) {
        ... on CreateAccessTokenPayload { secret } ... on Error { code } } }"""
    async with site(identity) as at:
        visitor = Visitor(at)
        await visitor.sign_in()
        answer = await visitor.http.post(
            "/graphql", json={"query": create}, headers={"X-Sangkien-CSRF": "1"}
        )
        secret = answer.json()["data"]["createAccessToken"]["secret"]
        bearer = {"Authorization": f"Bearer {secret}"}
        query = {"query": "{ viewer { account { username } } }"}
        both = await visitor.http.post("/graphql", json=query, headers=bearer)
        assert both.status_code == 400
        alone = await Visitor(at).http.post("/graphql", json=query, headers=bearer)
        assert alone.json()["data"]["viewer"]["account"] == {"username": "an"}


# The format


def test_a_token_is_told_from_other_text_without_asking_anybody():
    made = {access_token.new() for _ in range(200)}
    assert len(made) == 200
    for token in made:
        assert re.fullmatch("skpat_[0-9A-Za-z]{38}", token)
        assert access_token.is_one(token)
        for at in (0, 6, 20, 37, 43):
            other = "a" if token[at] != "a" else "b"
            assert not access_token.is_one(token[:at] + other + token[at + 1 :])
    for text in ("", "skpat_", "skpat_" + "0" * 38, "skpat_" + "é" * 38, f"{token}\n", f" {token}"):
        assert not access_token.is_one(text)


# The database


INSERT = """insert into access_token (account_id, name, token_hash, expires_at)
    values ({0}, 'x', 'y', now() + interval '{1}')"""
REFUSED = [
    INSERT.format("account_of('council')", "1 day"),
    INSERT.format("account_of('member')", "367 days"),
    "update access_token set expires_at = now() + interval '9 years'",
    "update access_token set permissions = null, unit_id = null",
    "update access_token set revoked_at = null where revoked_at is null",
    "update access_token set token_hash = 'mine'",
    "delete from access_token",
    "select token_hash from access_token",
    "select * from access_token",
    "select * from access_token_holder('x')",
]


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_database_lets_an_account_make_and_revoke_its_tokens_and_no_more(
    programme, http, statement
):
    await http.make("member")
    change(
        programme,
        """create function account_of(name text) returns bigint language sql security definer
           return (select id from account where username = name)""",
    )
    with psycopg.connect(with_role(programme, WRITER)) as connection:
        connection.execute(
            "select set_config('sangkien.account', account_of('member')::text, true),"
            " set_config('sangkien.tokens', 'on', true)"
        )
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)):
            connection.execute(statement.encode())


async def test_a_revoked_token_stays_revoked(programme, http):
    made = await http.make("member")
    await http.revoke("member", made["accessToken"]["id"])
    with psycopg.connect(with_role(programme, WRITER)) as connection:
        account = value(programme, "select account_id from access_token")
        connection.execute(
            "select set_config('sangkien.account', %s, true),"
            " set_config('sangkien.tokens', 'on', true)",
            [str(account)],
        )
        again = "update access_token set revoked_at = now() + interval '1 year'"
        assert connection.execute(again).rowcount == 0


@pytest.mark.parametrize("column", ["token_hash", "*"])
async def test_the_reader_reads_no_hash(programme, column):
    with (
        psycopg.connect(with_role(programme, READER)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"select {column} from access_token".encode())


async def test_a_session_that_only_reads_sees_its_accounts_tokens_and_makes_none(http):
    made = await http.make("member")
    bearer = http.token("member", scope="sangkien.read")
    listed = await http.asked(bearer, LIST)
    assert [node["id"] for node in listed["viewer"]["accessTokens"]["nodes"]] == [
        made["accessToken"]["id"]
    ]
    create = 'mutation { createAccessToken(input: {name: "x", days: 1}) { __typename } }'
    assert code_of(await http.by(bearer, create)) == "INSUFFICIENT_SCOPE"
