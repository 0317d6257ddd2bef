"""Audit events of sign-ins: account, address, failure; without secrets, within bounds."""

import uuid
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.rows import dict_row

from api.metrics import exposition
from auth.issuer import consents, devices, families, sessions, trail
from auth.issuer.families import Family
from auth.issuer.passwords import Passwords
from auth.issuer.trail import OF_ACCOUNT, WINDOW
from db.verify_audit import verify_audit
from tests.audit_log import events
from tests.test_one_factor import cli_token, family_of, graphql
from tests.test_second_factor import code_now, enrolled
from tests.visitor import PASSWORD, Visitor, site

SEEN = """query ($filter: AuditFilter) { auditEvents(first: 50, filter: $filter) { nodes {
    action kind actor address objectType after unit { code } } } }"""
TYPED = "hunter2 my secret"


@pytest.fixture
async def at(identity, monkeypatch):
    """A site that requires no second factor, where password hashes are cheap."""
    monkeypatch.setattr(Passwords, "_verify", lambda _, known, given: known and given == PASSWORD)
    async with site(identity) as made:
        yield made


async def logged(at, condition="true", *values):
    await at.app.state.issuer.settle()
    return events(at.settings.urls()[0], condition, *values)


async def test_a_sign_in_is_an_event_with_address_and_factors(at):
    await Visitor(at, "198.51.100.7").sign_in()
    (event,) = await logged(at, "action = 'signIn'")
    assert (event["kind"], event["username"], event["address"]) == ("NOTED", "an", "198.51.100.7")
    assert (event["object_type"], event["object_id"], event["unit"]) == ("Account", 1, "TLD")
    assert event["after"] == {"factors": ["pwd"], "complete": True, "device": "new"}


async def test_a_failed_sign_in_is_an_event_without_what_was_typed(at):
    await Visitor(at, "198.51.100.7").sign_in(password=TYPED)
    (event,) = await logged(at, "action = 'signIn'")
    assert (event["kind"], event["username"], event["object_id"]) == ("REFUSED", "public", 1)
    assert (event["after"], event["address"]) == ({"code": "WRONG_PASSWORD"}, "198.51.100.7")


async def test_an_unknown_name_leaves_no_event_for_it_may_be_a_password(at):
    before = len(await logged(at))
    for name in (TYPED, "robot2", "x" * 190):
        await Visitor(at).sign_in(name, "wrong")
    await Visitor(at).go("/oauth/invitation/nothing")
    assert len(await logged(at)) == before
    metrics = exposition().decode()
    assert 'sangkien_sign_ins_total{action="signIn",outcome="unknown"}' in metrics
    assert TYPED not in metrics


async def test_the_steps_of_a_second_factor_and_of_passwords_are_events(at):
    secret, _, visitor = await enrolled(at, "an")
    await visitor.sign_in("an")
    page = await visitor.go("/oauth/second-factor")
    await visitor.submit(page, code="000000")
    page = await visitor.go("/oauth/second-factor")
    await visitor.submit(page, code=code_now(at, secret, later=30))
    page = await visitor.go("/oauth/password")
    new = "a longer passphrase"
    await visitor.submit(page, current="wrong", new=new, repeat=new)
    page = await visitor.go("/oauth/password")
    await visitor.submit(page, current=PASSWORD, new=new, repeat=new)
    told = [(e["action"], e["kind"], (e["after"] or {}).get("code")) for e in await logged(at)]
    for wanted in (
        ("enrolSecondFactor", "CHANGED", None),
        ("secondFactor", "REFUSED", "WRONG_CODE"),
        ("secondFactor", "NOTED", None),
        ("changePassword", "REFUSED", "WRONG_PASSWORD"),
        ("changePassword", "CHANGED", None),
    ):
        assert wanted in told, wanted
    everything = str(await logged(at))
    for word in (new, PASSWORD, "000000", secret.hex()):
        assert word not in everything


async def test_authorizations_given_ended_and_reused_are_events(at):
    at.register()
    async with at.client() as client:
        visitor = Visitor(at)
        await visitor.sign_in()
        url, _ = client.create_authorization_url(
            f"{at.settings.issuer}/oauth/authorize", code_verifier="v" * 64
        )
        answer = await visitor.http.get(url)
        where = answer.headers["location"]
        token = await client.fetch_token(
            f"{at.settings.issuer}/oauth/token",
            authorization_response=where,
            code_verifier="v" * 64,
        )
        form = {
            "grant_type": "refresh_token",
            "client_id": "app",
            "refresh_token": token["refresh_token"],
        }
        assert (await at.token(form)).status_code == 200
        for _ in range(3):
            assert (await at.token(form)).status_code == 400
    told = [(e["action"], e["kind"], e["after"]) for e in await logged(at, "action <> 'signIn'")]
    given = {"client_id": "app", "scope": "openid profile sangkien.read sangkien.write"}
    assert ("authorize", "NOTED", given) in told
    reused = ("token", "REFUSED", {"code": "REFRESH_TOKEN_REUSED", "client_id": "app"})
    assert told.count(reused) == 1


async def test_revoking_and_signing_out_are_events(at):
    at.register()
    token, _ = family_of(at, 1, "an")
    await at.post("/oauth/revoke", {"client_id": "app", "token": token})
    visitor = Visitor(at)
    page = await visitor.sign_in()
    await visitor.submit(page)
    told = [(e["action"], e["username"], e["after"]) for e in await logged(at)]
    assert ("revoke", "an", {"client_id": "app"}) in told
    assert ("signOut", "an", {"authorizations": 0}) in told


async def test_a_campaign_of_guesses_is_visible_and_bounded(at):
    tries = 0
    for number in range(200):
        visitor = Visitor(at, f"198.51.{number // 100}.{number % 100}")
        page = await visitor.sign_in(password="wrong")
        tries += page.response.status_code == 422
        at.clock.now += 4
    assert tries > 4 * OF_ACCOUNT
    recorded = await logged(at, "kind = 'REFUSED'")
    assert len(recorded) == OF_ACCOUNT
    at.clock.now += WINDOW.total_seconds()
    await Visitor(at).sign_in(password="wrong")
    (sum_,) = [e for e in await logged(at) if (e["after"] or {}).get("code") == trail.MORE]
    assert sum_["after"]["count"] == tries - OF_ACCOUNT
    assert (sum_["object_id"], sum_["unit"]) == (1, "TLD")


async def test_guesses_at_many_names_from_one_address_are_bounded_too(at, monkeypatch):
    monkeypatch.setattr(trail, "OF_ADDRESS", 3)
    for name in ("an", "admin", "robot", "invited"):
        await Visitor(at).sign_in(name, "wrong")
    assert len(await logged(at, "kind = 'REFUSED'")) == 3


async def test_failures_do_not_use_up_what_a_success_leaves(at, monkeypatch):
    monkeypatch.setattr(trail, "OF_ACCOUNT", 2)
    for number in range(4):
        await Visitor(at, f"198.51.100.{number}").sign_in(password="wrong")
    await Visitor(at).sign_in()
    assert len(await logged(at, "kind = 'NOTED' and action = 'signIn'")) == 1


async def test_what_was_not_recorded_is_summed_up_by_the_sweep(at, monkeypatch):
    monkeypatch.setattr(trail, "OF_ALL", 0)
    monkeypatch.setattr(trail, "SUMS", 1)
    for name, count in (("an", 3), ("admin", 2), ("robot", 1)):
        for _ in range(count):
            await Visitor(at).sign_in(name, "wrong")
    await at.app.state.issuer.settle()
    later = datetime.fromtimestamp(at.clock.now, UTC) + WINDOW + timedelta(seconds=1)
    await at.app.state.issuer.run(lambda connection, _: trail.sweep(connection, later, 100))
    sums = [e["after"] for e in await logged(at, "kind = 'REFUSED'")]
    assert sums == [
        {"code": trail.MORE, "count": 3},
        {"code": trail.MORE, "count": 3, "accounts": 2},
    ]
    assert at.sql("select count(*) from audit_allowance") == [(0,)]


async def test_auditors_find_them_by_filters_and_verify_follows_them(at):
    await Visitor(at, "198.51.100.7").sign_in()
    await Visitor(at, "198.51.100.8").sign_in(password="wrong")
    await at.app.state.issuer.settle()
    token = cli_token(at, "admin")

    async def seen(**filter_):
        _, data = await graphql(at, token, query=SEEN, filter=filter_)
        return [node["address"] for node in data["auditEvents"]["nodes"]]

    assert await seen(action="signIn") == ["198.51.100.8", "198.51.100.7"]
    assert await seen(action="signIn", kind=["REFUSED"]) == ["198.51.100.8"]
    assert await seen(action="signIn", actor="an") == ["198.51.100.7"]
    assert await seen(object="QWNjb3VudDox", kind=["REFUSED"]) == ["198.51.100.8"]
    assert await seen(unit="TLD", action="signIn") == ["198.51.100.8", "198.51.100.7"]
    with psycopg.connect(at.settings.urls()[0]) as connection:
        assert verify_audit(connection).faulty == 0


def test_what_concerns_an_account_without_a_person_is_told_where_all_its_roles_are(programme):
    with psycopg.connect(programme, row_factory=dict_row) as owner:
        owner.execute(
            "insert into account (id, username, kind) values (9001, 'both', 'PERSON'),"
            " (9002, 'one', 'PERSON'), (9003, 'none', 'PERSON')"
        )
        owner.execute(
            "insert into role_grant (account_id, role, unit_id, valid_from)"
            " select 9001, 'SUPPORT', id, date '2020-01-01' from unit"
            " where code in ('VNPT-HNI', 'VNPT-HCM')"
            " union all select 9002, 'SUPPORT', id, date '2020-01-01' from unit"
            " where code = 'VNPT-HNI'"
        )
        rows = owner.execute(
            "select a.id, (select code from unit where id = audit_account_unit(a.id)) as unit"
            " from account a where a.id > 9000 order by a.id"
        ).fetchall()
    assert [row["unit"] for row in rows] == ["VNPT", "VNPT-HNI", None]


async def test_only_the_issuers_transactions_note_such_events(at):
    reader, writer = at.settings.urls()[1:]
    before = len(await logged(at))
    call = "select identity_note('NOTED', 'signIn', 1, '{}')"
    with psycopg.connect(writer) as connection:
        connection.execute(call)
    with psycopg.connect(reader) as connection, pytest.raises(psycopg.Error):
        connection.execute(call)
    assert len(await logged(at)) == before


async def test_what_one_account_piles_up_is_bounded(at):
    at.register()

    def pile_up(connection, now):
        for number in range(60):
            later = now + timedelta(seconds=number)
            devices.remember(connection, f"device {number}", 1, later)
            sessions.begin(connection, 1, amr=["pwd"], complete=True, now=later)
            family = Family(
                uuid.uuid4(), "app", 1, None, "openid", now, ["pwd"], now + timedelta(days=30)
            )
            families.start(connection, family, later)
            families.end_oldest(connection, family, later)
        token = families.add_refresh_token(connection, family, now)
        for number in range(families.KEPT + 20):
            later = now + timedelta(seconds=number)
            families.use_refresh_token(connection, token, later)
            token = families.add_refresh_token(connection, family, later)
        assert devices.is_known(connection, "device 59", 1, now)

    await at.app.state.issuer.run(pile_up)
    for rows, most in (
        ("known_device", devices.MOST),
        ("browser_session", sessions.MOST),
        ("token_family where revoked_at is null", families.MOST),
        ("refresh_token", families.KEPT + 1),
    ):
        assert at.sql(f"select count(*) from {rows}") == [(most,)], rows


async def test_agreeing_to_the_same_again_leaves_no_event(at):
    at.register(trusted=False)
    give = consents.give
    await at.app.state.issuer.run(lambda c, now: give(c, 1, "app", "openid", now))
    before = len(await logged(at))
    await at.app.state.issuer.run(lambda c, now: give(c, 1, "app", "openid", now))
    assert len(await logged(at)) == before
