"""The command line for identity: keys, clients, accounts."""

import psycopg
import pytest
from click.testing import CliRunner

from api.cli import cli
from api.settings import SettingsError, load
from auth import keys, tokens
from auth.issuer import demo_client
from db.rules import secret
from tests.visitor import Visitor, site


@pytest.fixture
def run(identity, monkeypatch):
    """Runs a command on the test's database; returns the exit code and the output."""
    monkeypatch.setenv("SANGKIEN_DATABASE_URL", identity)
    monkeypatch.setenv("SANGKIEN_ISSUER", "https://issuer.test")

    def runner(*words):
        done = CliRunner().invoke(cli, words, catch_exceptions=False)
        return done.exit_code, done.output.strip()

    return runner


async def published(at):
    return {key["kid"] for key in (await at.get("/oauth/jwks")).json()["keys"]}


async def test_after_a_rotation_the_new_key_signs_and_the_old_ones_tokens_are_good(identity, run):
    def issued(at):
        with psycopg.connect(identity) as connection:
            key = keys.current(connection)
        options = {"issuer": at.settings.issuer, "audience": "sangkien", "ttl": 3_600}
        return key.kid, {"Authorization": f"Bearer {tokens.issue(key, 'an', **options)}"}

    async def taken(at, headers):
        query = {"query": "{ viewer { account { username } } }"}
        return (await Visitor(at).http.post("/graphql", json=query, headers=headers)).status_code

    async with site(identity) as at:
        first, old = issued(at)
        assert await taken(at, old) == 200
        code, second = run("keys", "rotate")
        assert code == 0
        signing, new = issued(at)
        assert signing == second != first
        assert await published(at) == {first, second}
        at.clock.now += 11  # an unknown key makes a worker read keys, but not more often than that
        assert [await taken(at, old), await taken(at, new)] == [200, 200]
        _, third = run("keys", "rotate", "--now")
        assert await published(at) == {third}
        at.clock.now += 301
        assert [await taken(at, old), await taken(at, new)] == [401, 401]
        assert all("d" not in key for key in (await at.get("/oauth/jwks")).json()["keys"])


def test_a_key_that_nobody_needs_any_more_is_deleted(identity, run):
    run("keys", "rotate")
    with psycopg.connect(identity) as connection:
        query = "select count(*), count(retired_at) from signing_key"
        assert connection.execute(query).fetchone() == (2, 1)
        connection.execute(
            "update signing_key set retired_at = now() - interval '1 second'"
            " where retired_at is not null"
        )
    run("keys", "rotate")
    with psycopg.connect(identity) as connection:
        assert connection.execute(query).fetchone() == (2, 1)


def test_a_public_client_is_registered_listed_changed_and_removed(identity, run):
    code, told = run("clients", "add", "web", "--redirect-uri", "https://app.test/back")
    assert (code, told) == (0, "registered web, a public client")
    assert run("clients", "add", "web", "--redirect-uri", "https://app.test/other")[0] == 0
    assert run("clients", "list")[1] == (
        "web\tpublic\tauthorization_code,refresh_token\thttps://app.test/other"
    )
    assert run("clients", "remove", "web") == (0, "removed web")
    assert run("clients", "list")[1] == ""
    assert run("clients", "remove", "web") == (1, "sangkien: no client 'web'")


async def test_a_service_client_gets_tokens_with_the_secret_that_was_printed(identity, run):
    code, printed = run("clients", "add", "feed", "--service", "robot")
    assert code == 0
    with psycopg.connect(identity) as connection:
        kept = connection.execute("select secret_hash from oauth_client").fetchone()
    assert bytes(kept[0]) == secret.hashed(printed)
    async with site(identity) as at:
        answer = await at.token({"grant_type": "client_credentials"}, auth=("feed", printed))
    assert answer.json()["scope"] == "sangkien.read sangkien.write"


async def test_an_account_is_made_and_invited_by_a_link(identity, run):
    assert run("accounts", "add", "new.one") == (0, "added new.one")
    assert run("accounts", "add", "new.one")[0] == 1
    code, link = run("accounts", "invite", "new.one")
    assert code == 0
    assert link.startswith("https://issuer.test/oauth/invitation/")
    new = "a longer passphrase"
    async with site(identity) as at:
        visitor = Visitor(at)
        await visitor.submit(await visitor.go(link), new=new, repeat=new)
        assert (await visitor.sign_in("new.one", new)).heading == "Account"


async def test_a_lost_second_factor_is_taken_away(identity, run):
    with psycopg.connect(identity) as connection:
        connection.execute("insert into totp_secret values (1, 's', now())")
    async with site(identity) as at:
        assert (await Visitor(at).sign_in()).heading == "Second factor"
        assert run("accounts", "reset-second-factor", "an") == (0, "an has no second factor")
        assert (await Visitor(at).sign_in()).heading == "Account"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["clients", "add", "web"], "--redirect-uri, --service or --may-introspect"),
        (["clients", "add", "a b", "--redirect-uri", "https://a.test"], "letters, digits"),
        (["clients", "add", "web", "--redirect-uri", "javascript:x"], "cannot be a redirect URI"),
        (
            ["clients", "add", "web", "--redirect-uri", "https://a.test", "--post-logout-uri", "x"],
            "'x' cannot be",
        ),
        (
            ["clients", "add", "web", "--redirect-uri", "https://a.test", "--scope", "root"],
            "the scope may be of",
        ),
        (["clients", "add", "web", "--service", "nobody"], "no account 'nobody'"),
        (["clients", "add", "web", "--service", "an"], "of another kind: PERSON"),
        (["accounts", "invite", "robot"], "of another kind: SERVICE"),
        (["accounts", "invite", "public"], "no account 'public'"),
        (["accounts", "invite", "stranger"], "no account 'stranger'"),
        (["accounts", "add", " x"], "printable characters"),
        (["accounts", "add", "x" * 101], "printable characters"),
        (["accounts", "reset-second-factor", "stranger"], "no account 'stranger'"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(run, words, told):
    code, output = run(*words)
    assert code == 1
    assert told in output
    assert output.count("\n") == 0


@pytest.mark.parametrize(
    "issuer",
    [
        "http://issuer.test",
        "https://issuer.test/",
        "https://issuer.test/path",
        "https://issuer.test?x",
        "https://user@issuer.test",
        "https://issuer.test:port",
        "https://",
        "issuer.test",
        "ftp://localhost",
        "http://localhost.evil.test",
        "http://[",
    ],
)
def test_an_issuer_that_cannot_be_is_refused(monkeypatch, issuer):
    monkeypatch.setenv("SANGKIEN_ISSUER", issuer)
    with pytest.raises(SettingsError, match=r"SANGKIEN_ISSUER=.* cannot be: it must"):
        load()


def test_who_needs_a_second_factor_is_a_setting(monkeypatch):
    assert load().second_factor_required is True
    monkeypatch.setenv("SANGKIEN_DEMO", "true")
    assert load().second_factor_required is False
    monkeypatch.setenv("SANGKIEN_TOTP_REQUIRED", "true")
    assert load().second_factor_required is True
    monkeypatch.setenv("SANGKIEN_TOTP_REQUIRED", "sometimes")
    with pytest.raises(SettingsError, match="SANGKIEN_TOTP_REQUIRED='sometimes' cannot be"):
        load()


async def test_the_demos_client_is_the_graphiql_page(identity):
    with psycopg.connect(identity) as connection:
        demo_client.register(connection, 8_000)
        demo_client.register(connection, 9_000)
        rows = connection.execute("select client_id, redirect_uris from oauth_client").fetchall()
    assert rows == [
        ("graphiql", ["http://localhost:9000/graphql", "http://127.0.0.1:9000/graphql"])
    ]
