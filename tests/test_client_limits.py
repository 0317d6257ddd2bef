"""Tokens of registered applications: limited at registration, and at once after a change."""

import psycopg
import pytest
from click.testing import CliRunner

from api.cli import cli
from auth.client_limits import HOLD
from auth.issuer import clients
from auth.issuer.clients import CREDENTIALS, Client
from db.rules import secret
from tests.mutating import change, rows
from tests.test_narrow_tokens import REGISTER, everything_tried
from tests.token_holding import WHO, code_of, holding

SECRET = "a secret of the feed"
ISSUER = "https://issuer.test"


@pytest.fixture
async def http(programme):
    """A site with the demo's data, where `upper-officer` is the account of a service."""
    change(programme, "update account set kind = 'SERVICE' where username = 'upper-officer'")
    async with holding(programme, issuer=ISSUER) as made:
        made.http.base_url = ISSUER
        made.token("member")  # the first token creates a key
        yield made


def register(url: str, **limits) -> None:
    """Register a client of `upper-officer`, or change its limits."""
    with psycopg.connect(url) as connection:
        (account, unit) = connection.execute(
            "select a.id, u.id from account a, unit u"
            " where a.username = 'upper-officer' and u.code = 'VNPT-HNI'"
        ).fetchone()
        if limits.pop("below", False):
            limits["unit_id"] = unit
        clients.register(
            connection,
            Client(
                client_id="feed",
                name="Feed",
                secret_hash=secret.hashed(SECRET),
                redirect_uris=[],
                post_logout_redirect_uris=[],
                grant_types=[CREDENTIALS],
                scope="sangkien.read sangkien.write",
                account_id=account,
                trusted=False,
                may_introspect=False,
                **limits,
            ),
        )


async def token_of(http, **form) -> str:
    given = {"grant_type": "client_credentials", **form}
    answer = await http.http.post("/oauth/token", data=given, auth=("feed", SECRET))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def codes(http, token) -> set[str]:
    data = await http.asked(token, "{ units(first: 100) { nodes { code } } }")
    return {node["code"] for node in data["units"]["nodes"]}


async def test_a_client_reaches_no_further_than_its_unit_and_permissions(programme, http):
    register(programme, below=True, permissions=["UNIT_READ"])
    token = await token_of(http)
    assert await codes(http, token) == {"TLD", "VNPT-HNI"}
    refused = (await http.asked(token, REGISTER, unit="VNPT-HNI"))["registerTarget"]
    assert (refused["code"], refused["permission"]) == ("FORBIDDEN", "TARGET_REGISTER")
    data = await http.asked(
        token, "{ viewer { account { username } accessTokens { totalCount } } }"
    )
    assert data["viewer"]["account"] == {"username": "upper-officer"}
    made = 'mutation { createAccessToken(input: {name: "x", days: 1}) { ... on Error { code } } }'
    register(programme, below=True)
    http.clock.now += HOLD + 0.1
    assert await http.asked(token, made) == {"createAccessToken": {"code": "OWN_SESSION"}}
    assert rows(programme, "select from access_token") == []


async def test_limiting_a_client_takes_effect_on_tokens_that_it_has_within_five_seconds(
    programme, http
):
    register(programme)
    token = await token_of(http)
    whole = await codes(http, token)
    assert len(whole) > 2
    async with holding(programme, issuer=ISSUER) as other:
        assert await codes(other, token) == whole
        register(programme, below=True)
        for worker in (http, other):
            worker.clock.now += HOLD + 0.1
            assert await codes(worker, token) == {"TLD", "VNPT-HNI"}
        register(programme, read_only=True)
        for worker in (http, other):
            worker.clock.now += HOLD + 0.1
            response = await worker.by(token, REGISTER, unit="VNPT-HNI")
            assert (response.status_code, code_of(response)) == (403, "INSUFFICIENT_SCOPE")


@pytest.mark.parametrize(
    ("limits", "form"), [({"read_only": True}, {}), ({}, {"scope": "sangkien.read"})]
)
async def test_no_mutation_takes_a_token_that_only_reads(programme, http, limits, form):
    register(programme, **limits)
    headers = {"Authorization": f"Bearer {await token_of(http, **form)}"}
    assert set((await everything_tried(http, headers)).values()) == {(403, "INSUFFICIENT_SCOPE")}
    can = '{ unit(code: "VNPT-HNI") { viewerCan } }'
    told = await http.asked(headers["Authorization"].split()[1], can)
    assert "UNIT_READ" in told["unit"]["viewerCan"]
    assert "TARGET_REGISTER" not in told["unit"]["viewerCan"]


async def test_a_removed_client_stays_limited_to_its_end(programme, http):
    register(programme, below=True)
    token = await token_of(http)
    assert await codes(http, token) == {"TLD", "VNPT-HNI"}
    with psycopg.connect(programme) as owner:
        clients.remove(owner, "feed")
    http.clock.now += HOLD - 1
    assert await codes(http, token) == {"TLD", "VNPT-HNI"}
    http.clock.now += 2
    assert (await http.by(token)).status_code == 401


# The command line


@pytest.fixture
def run(programme, monkeypatch):
    """Runs a command on the test's database; returns the exit code and the output."""
    monkeypatch.setenv("SANGKIEN_DATABASE_URL", programme)

    def runner(*words):
        done = CliRunner().invoke(cli, words, catch_exceptions=False)
        return done.exit_code, done.output.strip()

    return runner


def test_a_client_is_registered_with_its_limits(programme, run):
    change(programme, "update account set kind = 'SERVICE' where username = 'upper-officer'")
    words = ("clients", "add", "feed", "--service", "upper-officer")
    limits = ("--permission", "UNIT_READ", "--permission", "EXPORT", "--unit", "VNPT")
    assert run(*words, *limits, "--read-only")[0] == 0
    assert run("clients", "list")[1].endswith("UNIT_READ,EXPORT at VNPT read-only")
    (kept,) = rows(programme, "select permissions, scope, read_only from oauth_client")
    assert kept == {
        "permissions": ["UNIT_READ", "EXPORT"],
        "scope": "sangkien.read",
        "read_only": True,
    }
    assert run(*words)[0] == 0
    (kept,) = rows(programme, "select permissions, unit_id, read_only from oauth_client")
    assert kept == {"permissions": None, "unit_id": None, "read_only": False}
    assert run(*words, "--unit", "NO-SUCH") == (1, "sangkien: no unit 'NO-SUCH'")
    assert run(*words, "--permission", "ALL")[0] == 2
    assert "nothing is left" in run(*words, "--read-only", "--scope", "sangkien.write")[1]


async def test_an_auditor_has_a_token_from_the_command_line(programme, run):
    code, made = run("access-tokens", "add", "auditor", "--name", "Báo cáo", "--unit", "TTTT")
    assert code == 0
    async with holding(programme) as http:
        data = await http.asked(made, "{ viewer { account { username } units { code } } }")
        assert data == {"viewer": {"account": {"username": "auditor"}, "units": [{"code": "TTTT"}]}}
        query = "{ viewer { accessTokens { nodes { name lastUsedAt } } } }"
        (listed,) = (await http.data(query, "auditor"))["viewer"]["accessTokens"]["nodes"]
        assert listed["name"] == "Báo cáo"
        code, told = run("access-tokens", "list", "auditor")
        number, name, _, used, limited = told.split("\t")
        assert (name, limited) == ("Báo cáo", "at TTTT")
        assert "used" in used
        assert run("access-tokens", "revoke", "member", number)[0] == 1
        assert run("access-tokens", "revoke", "auditor", number) == (0, "revoked 1")
        assert run("access-tokens", "list", "auditor") == (0, "")
        assert run("access-tokens", "revoke", "auditor")[0] == 1
        http.clock.now += 6
        assert (await http.by(made, WHO)).status_code == 401


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("stranger", "--name", "x"), "no account 'stranger'"),
        (("public", "--name", "x"), "no account 'public'"),
        (("member", "--name", " "), "printable characters"),
        (("member", "--name", "x", "--unit", "X"), "no unit 'X'"),
        (("member", "--name", "x", "--days", "367"), "367"),
    ],
)
def test_what_is_wrong_with_a_token_is_told(run, words, told):
    code, output = run("access-tokens", "add", *words)
    assert code
    assert told in output
