"""Applications of service accounts: seen and stopped by those who manage their role grants."""

import psycopg
import pytest
from click.testing import CliRunner

from api.cli import cli
from api.live import lifetime
from auth import tokens
from auth.tokens import READ
from db.url import WRITER, with_role
from tests.audit_log import events
from tests.authorizing import (
    HOLD,
    REVOKE,
    SECRET,
    STOP,
    authorize,
    clients_at,
    held_by,
    register,
    revoke,
    stop,
)
from tests.live import live
from tests.mutating import change, rows, value
from tests.subscribing import opened, told
from tests.token_holding import code_of, holding

ISSUER = "https://issuer.test"


@pytest.fixture
async def http(programme):
    """A site with the demo's data, where `upper-officer`, at VNPT, is the account of a service."""
    async with holding(programme, issuer=ISSUER) as made:
        made.http.base_url = ISSUER
        register(programme, "feed", service="upper-officer")
        made.token("member")  # the first token creates a key
        yield made


async def asked_for(http, client_id="feed"):
    """Return the response to client credentials."""
    form = {"grant_type": "client_credentials"}
    return await http.http.post("/oauth/token", data=form, auth=(client_id, SECRET))


async def token_of(http, client_id="feed") -> str:
    answer = await asked_for(http, client_id)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def also_at(url: str, unit: str, **dates: str) -> None:
    """Grant the service a role at another unit."""
    days = {"valid_from": "2020-01-01", **dates}
    change(
        url,
        f"""insert into role_grant (account_id, role, unit_id, {", ".join(days)})
            select a.id, 'SUPPORT', u.id, {", ".join(["%s::date"] * len(days))}
            from account a, unit u where a.username = 'upper-officer' and u.code = %s""",
        *(*days.values(), unit),
    )


# Visibility


async def test_who_reads_its_grants_sees_an_application_and_what_it_holds(http):
    await token_of(http)
    for viewer in ("confed-admin", "tttt-admin", "auditor", "tttt-auditor"):
        (found,) = await clients_at(http, viewer, "VNPT")
        assert (found["clientId"], found["username"]) == ("feed", "upper-officer")
        assert found["lastUsedAt"]
        assert found["revokedAt"] is None
        assert [one["grantType"] for one in found["authorizations"]["nodes"]] == [
            "CLIENT_CREDENTIALS"
        ]
        assert await clients_at(http, viewer, "TTTT") == []


async def test_others_see_nothing_of_it(programme, http):
    await token_of(http)
    (found,) = await clients_at(http, "confed-admin", "VNPT")
    change(
        programme,
        """update role_grant set unit_id = (select id from unit where code = 'VNPT-HNI')
           where account_id = (select id from account where username = 'tttt-admin')""",
    )
    node = "query ($id: ID!) { node(id: $id) { id } }"
    held = found["authorizations"]["nodes"][0]["id"]
    for other in ("tttt-admin", "unit-officer", "council", "support", "member", "nobody", None):
        assert await clients_at(http, other, "VNPT") == []
        for id_ in (found["id"], held):
            assert (await http.data(node, other, variables={"id": id_}))["node"] is None
    answer = await stop(http, "tttt-admin", found["id"])
    assert (answer["__typename"], answer["what"]) == ("NotFound", "Client")
    answer = await revoke(http, "tttt-admin", held)
    assert (answer["__typename"], answer["what"]) == ("NotFound", "Authorization")
    for other in ("unit-officer", "member"):
        assert (await stop(http, other, found["id"]))["code"] == "FORBIDDEN"
        assert (await revoke(http, other, held))["what"] == "Authorization"
    assert (await stop(http, "auditor", found["id"]))["code"] == "AUDITOR"
    assert rows(programme, "select from token_family where revoked_at is not null") == []


async def test_a_grant_that_is_over_shows_nothing(programme, http):
    assert await clients_at(http, "tttt-admin", "VNPT")
    change(
        programme,
        """update role_grant set valid_to = '2022-10-20' where account_id =
           (select id from account where username = 'upper-officer')""",
    )
    assert await clients_at(http, "tttt-admin", "VNPT") == []
    also_at(programme, "VNPT", valid_from="2023-01-01")  # and a future one
    assert await clients_at(http, "tttt-admin", "VNPT")


async def test_a_service_sees_its_own_tokens_and_people_theirs(http):
    token = await token_of(http)
    authorize(http, "member", "feed")
    query = "{ viewer { authorizations { nodes { grantType client { username } } } } }"
    listed = (await http.asked(token, query))["viewer"]["authorizations"]["nodes"]
    assert listed == []  # it lacks the scope sangkien.tokens, which services cannot get
    (own,) = await held_by(http, "member")
    assert (own["client"]["clientId"], own["client"]["username"]) == ("feed", None)


# Stopping


async def test_a_stopped_application_has_no_token_on_any_worker_and_gets_none(programme, http):
    token = await token_of(http)
    of_a_person = authorize(http, "member", "feed")
    (found,) = await clients_at(http, "tttt-admin", "VNPT")
    async with holding(programme, issuer=ISSUER) as worker:
        workers = (http, worker)
        assert [(await one.by(token)).status_code for one in workers] == [200, 200]
        answer = await stop(http, "tttt-admin", found["id"])
        assert answer["client"]["revokedAt"]
        refused = await asked_for(http)
        assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
        for one in workers:
            one.clock.now += HOLD
            assert (await one.by(token)).status_code == 401
            assert (await one.by(of_a_person.access)).status_code == 200
    assert (await stop(http, "tttt-admin", found["id"]))["code"] == "ALREADY_REVOKED"
    register(programme, "feed", service="upper-officer")  # registered again, with another secret
    assert (await http.by(await token_of(http))).status_code == 200


async def test_one_token_of_an_application_is_ended_and_others_stay(http):
    first, second = await token_of(http), await token_of(http)
    (found,) = await clients_at(http, "tttt-admin", "VNPT")
    _, oldest = found["authorizations"]["nodes"]
    answer = await revoke(http, "tttt-admin", oldest["id"])
    assert answer["authorization"]["revokedAt"]
    http.clock.now += HOLD
    assert (await http.by(first)).status_code == 401
    assert (await http.by(second)).status_code == 200


@pytest.mark.parametrize("dates", [{}, {"valid_from": "2030-01-01"}])
async def test_who_manages_a_part_of_its_grants_sees_it_and_does_not_stop_it(
    programme, http, dates
):
    token = await token_of(http)
    also_at(programme, "TLD", **dates)
    (found,) = await clients_at(http, "tttt-admin", "VNPT")
    held = found["authorizations"]["nodes"][0]["id"]
    for answer in (
        await stop(http, "tttt-admin", found["id"]),
        await revoke(http, "tttt-admin", held),
    ):
        assert (answer["__typename"], answer["permission"]) == ("Forbidden", "GRANT_MANAGE")
    assert (await http.by(token)).status_code == 200
    assert (await stop(http, "confed-admin", found["id"]))["client"]["revokedAt"]


async def test_a_person_who_let_it_act_for_them_does_not_stop_it(programme, http):
    authorize(http, "tttt-admin", "feed")
    change(programme, "delete from role_grant where account_id = 3")
    (own,) = await held_by(http, "tttt-admin")
    client = "query ($id: ID!) { node(id: $id) { ... on Authorization { client { id } } } }"
    found = await http.data(client, "tttt-admin", variables={"id": own["id"]})
    answer = await stop(http, "tttt-admin", found["node"]["client"]["id"])
    assert (answer["__typename"], answer["permission"]) == ("Forbidden", "GRANT_MANAGE")
    assert value(programme, "select revoked_at from oauth_client") is None


async def test_a_token_that_only_reads_or_is_for_something_else_stops_nothing(http):
    await token_of(http)
    (found,) = await clients_at(http, "tttt-admin", "VNPT")
    held = found["authorizations"]["nodes"][0]["id"]
    given = {STOP: {"client": found["id"], "reason": "x"}, REVOKE: {"authorization": held}}
    for document, input_ in given.items():
        refused = await http.by(http.token("tttt-admin", scope=READ), document, input=input_)
        assert (refused.status_code, code_of(refused)) == (403, "INSUFFICIENT_SCOPE")
        for limits in ({"permissions": ["GRANT_READ", "INITIATIVE_READ"]}, {"unit": "VNPT-HNI"}):
            token = await http.secret("tttt-admin", **limits)
            (answer,) = (await http.asked(token, document, input=input_)).values()
            assert answer["__typename"] in {"Forbidden", "NotFound"}
    token = await http.secret("tttt-admin", permissions=["GRANT_READ", "GRANT_MANAGE"])
    (answer,) = (await http.asked(token, STOP, input=given[STOP])).values()
    assert answer["client"]["revokedAt"]


async def test_its_live_connections_end(programme, monkeypatch):
    monkeypatch.setattr(lifetime, "CHECK_AGAIN", 0.3)
    monkeypatch.setattr(tokens, "_REVOKED_HOLD", 0.2)
    register(programme, "feed", service="upper-officer")
    async with holding(programme) as http, live(programme) as server, opened(server) as watcher:
        http.token("member")
        authorization = f"Bearer {await token_of(http)}"
        await watcher.say("connection_init", payload={"authorization": authorization})
        assert (await watcher.hear())["type"] == "connection_ack"
        (found,) = await clients_at(http, "tttt-admin", "VNPT")
        given = {"client": found["id"], "reason": "Khóa bị lộ"}
        answer = await told(server, STOP, "tttt-admin", input=given)
        assert answer["revokeClient"]["client"]["revokedAt"]
        assert (await watcher.closed())[0] == 4403


async def test_the_command_line_shows_that_one_is_stopped(programme, http, monkeypatch):
    monkeypatch.setenv("SANGKIEN_DATABASE_URL", programme)
    told_ = CliRunner().invoke(cli, ["clients", "list"], catch_exceptions=False).output
    assert "revoked" not in told_
    (found,) = await clients_at(http, "tttt-admin", "VNPT")
    await stop(http, "tttt-admin", found["id"])
    told_ = CliRunner().invoke(cli, ["clients", "list"], catch_exceptions=False).output
    assert "client_credentials (service revoked)" in told_


# Audit events


async def test_stopping_one_is_told_with_its_reason_and_without_its_secret(programme, http):
    await token_of(http)
    (found,) = await clients_at(http, "tttt-admin", "VNPT")
    await stop(http, "tttt-admin", found["id"])
    key = value(programme, "select serial from oauth_client")
    client, token = events(programme, "action = 'revokeClient'")
    assert (client["object_type"], client["object_id"]) == ("Client", key)
    assert (client["username"], client["reason"]) == ("tttt-admin", "Khóa bị lộ")
    assert client["after"].keys() == {"revoked_at"}
    assert token["object_type"] == "Authorization"


async def test_that_it_gets_tokens_is_noted_every_ten_minutes(programme, http):
    last = "select last_used_at from oauth_client"
    await token_of(http)
    first = value(programme, last)
    http.clock.now += 590
    await token_of(http)
    assert value(programme, last) == first
    http.clock.now += 11
    await token_of(http)
    assert (value(programme, last) - first).total_seconds() > 600
    with psycopg.connect(programme) as owner:
        owner.execute("select from oauth_client for no key update")  # nobody waits for it
        http.clock.now += 601
        assert (await asked_for(http)).status_code == 200
    assert {event["kind"] for event in events(programme, "object_type = 'Client'")} == {"CREATED"}


@pytest.mark.parametrize(
    "statement",
    [
        "update oauth_client set revoked_at = null",
        "update oauth_client set scope = 'openid'",
        "update oauth_client set account_id = 1",
        "insert into oauth_client (client_id, name, grant_types, scope) values ('e', '', '{}', '')",
        "delete from oauth_client",
    ],
)
async def test_the_database_lets_an_admin_stop_an_application_and_no_more(
    programme, http, statement
):
    with psycopg.connect(with_role(programme, WRITER)) as connection:
        connection.execute(
            "select set_config('sangkien.account', '1', true),"
            " set_config('sangkien.grant_read', '{1}', true),"
            " set_config('sangkien.grant_manage', '{1}', true)"
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
