"""Linking accounts to identities at external providers by the command line."""

import psycopg
import pytest
from click.testing import CliRunner

from api.cli import cli
from auth.external import codes
from tests.visitor import Visitor, site

SSO = "https://sso.test"


@pytest.fixture
def run(identity, monkeypatch):
    """Runs `sangkien` on the database; returns the exit code and the output."""
    monkeypatch.setenv("SANGKIEN_DATABASE_URL", identity)
    monkeypatch.setenv("SANGKIEN_ISSUER", "https://issuer.test")
    monkeypatch.setenv("SANGKIEN_OIDC_ISSUERS", SSO)

    def sangkien(*words):
        result = CliRunner().invoke(cli, words)
        return result.exit_code, result.output.strip()

    return sangkien


def test_an_account_is_linked_listed_and_unlinked(identity, run):
    assert run("identities", "link", "an", SSO, "an@sso") == (0, "linked an")
    code, listed = run("identities", "list", "an")
    assert code == 0
    assert listed.split("\t")[:3] == [SSO, "an@sso", "ADMIN"]
    assert run("identities", "link", "robot", SSO, "client", "--service")[0] == 0
    assert run("identities", "unlink", "an", SSO) == (0, "unlinked an")
    assert run("identities", "list", "an") == (0, "")
    with psycopg.connect(identity) as connection:
        rows = connection.execute("select account_id, subject from external_identity").fetchall()
    assert rows == [(3, "client")]


async def test_unlinking_ends_the_sessions_of_the_account(identity, run):
    run("identities", "link", "an", SSO, "an@sso")
    async with site(identity) as at:
        visitor = Visitor(at)
        await visitor.sign_in()
        assert (await visitor.go("/oauth/account")).heading == "Account"
        run("identities", "unlink", "an", SSO)
        assert (await visitor.go("/oauth/account")).heading == "Sign in"


def test_a_code_is_printed_once_and_the_newest_holds(identity, run):
    first, second = (run("identities", "code", "an")[1] for _ in range(2))
    assert len(second.replace("-", "")) == 16
    with psycopg.connect(identity) as connection:
        rows = connection.execute("select account_id, code_hash from link_code").fetchall()
    assert [row[0] for row in rows] == [1]
    assert bytes(rows[0][1]) == codes.secret.hashed(second.replace("-", ""))
    assert first != second


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["link", "an", "https://other.test", "x"], "not one of SANGKIEN_OIDC_ISSUERS"),
        (["link", "robot", SSO, "x"], "no account 'robot' of the kind PERSON"),
        (["link", "an", SSO, "x", "--service"], "no account 'an' of the kind SERVICE"),
        (["link", "stranger", SSO, "x"], "no account 'stranger'"),
        (["link", "admin", SSO, "taken"], "is linked at this issuer already"),
        (["link", "invited", SSO, "x"], "is linked at this issuer already"),
        (["unlink", "an", SSO], "'an' is not linked"),
        (["code", "robot"], "no account 'robot' of the kind PERSON"),
        (["code", "public"], "no account 'public'"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(run, words, told):
    run("identities", "link", "invited", SSO, "taken")
    code, output = run("identities", *words)
    assert code == 1
    assert told in output
    assert output.count("\n") == 0
