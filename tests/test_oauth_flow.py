"""The flows to tokens, as a real client runs them."""

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.visitor import ALL, BACK, CLIENT_SECRET, ISSUER, Visitor, query_of, site

VERIFIER = "v" * 43
AUTHORIZE, TOKEN = f"{ISSUER}/oauth/authorize", f"{ISSUER}/oauth/token"


async def signed_in_tokens(at, client, username="an", **options):
    """Run the whole flow: to the issuer, sign in, back with a code, to tokens."""
    url, state = client.create_authorization_url(
        AUTHORIZE, code_verifier=VERIFIER, nonce="n-1", **options
    )
    visitor = Visitor(at)
    page = await visitor.submit(await visitor.go(url), username=username, password="correct horse")
    location = page.response.headers["location"]
    token = await client.fetch_token(
        TOKEN, authorization_response=location, state=state, code_verifier=VERIFIER
    )
    return visitor, token


async def keys_of(at):
    return KeySet.import_key_set((await at.get("/oauth/jwks")).json())


async def test_a_public_client_gets_tokens_that_the_api_takes(identity):
    async with site(identity) as at:
        at.register()
        async with at.client() as client:
            _, token = await signed_in_tokens(at, client)
        answer = await at.get(
            "/graphql",
            params={"query": "{ viewer { account { username } } }"},
            headers={"Authorization": f"Bearer {token['access_token']}"},
        )
        claims = jwt.decode(token["access_token"], await keys_of(at))
        id_token = jwt.decode(token["id_token"], await keys_of(at))
    assert answer.json() == {"data": {"viewer": {"account": {"username": "an"}}}}
    assert token["token_type"] == "Bearer"
    assert token["scope"] == ALL
    assert claims.header["typ"] == "at+jwt"
    assert claims.claims["sub"] == "an"
    assert claims.claims["aud"] == "sangkien"
    assert claims.claims["client_id"] == "app"
    assert claims.claims["scope"] == ALL
    assert id_token.claims["aud"] == "app"
    assert id_token.claims["amr"] == ["pwd"]
    options = {"iss": {"value": ISSUER}, "nonce": {"value": "n-1"}}
    checked = CodeIDToken(id_token.claims, id_token.header, options, {"nonce": "n-1"})
    checked.params["access_token"] = token["access_token"]
    checked.validate(now=int(at.clock.now))


async def test_a_client_with_a_secret_proves_itself_by_it(identity):
    async with site(identity) as at:
        at.register_robot(
            "web",
            account_id=None,
            redirect_uris=[BACK],
            scope=ALL,
            grant_types=["authorization_code", "refresh_token"],
        )
        for method in ("client_secret_basic", "client_secret_post"):
            async with at.client(
                "web", client_secret=CLIENT_SECRET, token_endpoint_auth_method=method
            ) as client:
                _, token = await signed_in_tokens(at, client)
                assert token["refresh_token"]
        async with at.client("web") as public:
            with pytest.raises(OAuthError, match="invalid_client"):
                await signed_in_tokens(at, public)


async def test_a_refresh_token_gives_the_next_and_may_narrow_the_scope(identity):
    async with site(identity) as at:
        at.register()
        async with at.client() as client:
            _, first = await signed_in_tokens(at, client)
            second = await client.refresh_token(
                TOKEN, refresh_token=first["refresh_token"], scope="sangkien.read"
            )
            third = await client.refresh_token(TOKEN, refresh_token=second["refresh_token"])
    assert second["scope"] == "sangkien.read"
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3


async def test_a_program_gets_a_token_for_its_service_account(identity):
    async with site(identity) as at:
        at.register_robot()
        async with at.client(
            "robot-app",
            client_secret=CLIENT_SECRET,
            redirect_uri=None,
            scope=None,
            token_endpoint_auth_method="client_secret_basic",
        ) as client:
            token = await client.fetch_token(TOKEN, grant_type="client_credentials")
        answer = await at.get(
            "/graphql",
            params={"query": "{ viewer { account { username } } }"},
            headers={"Authorization": f"Bearer {token['access_token']}"},
        )
        at.sql("update account set disabled_at = now() where id = 3")
        refused = await at.token(
            {"grant_type": "client_credentials"}, auth=("robot-app", CLIENT_SECRET)
        )
    assert answer.json()["data"]["viewer"]["account"] == {"username": "robot"}
    assert "refresh_token" not in token
    assert token["scope"] == "sangkien.read sangkien.write"
    assert refused.json()["error"] == "unauthorized_client"


async def test_userinfo_tells_what_the_scope_allows(identity):
    async with site(identity) as at:
        at.register()
        async with at.client() as client:
            _, token = await signed_in_tokens(at, client)
        async with at.client(scope="openid") as client:
            _, less = await signed_in_tokens(at, client)
        async with at.client(scope="sangkien.read") as client:
            _, none = await signed_in_tokens(at, client)
        answers = [
            await at.get("/oauth/userinfo", headers={"Authorization": f"Bearer {t}"})
            for t in (token["access_token"], less["access_token"], none["access_token"], "x")
        ]
        bare = await at.get("/oauth/userinfo")
    assert answers[0].json() == {"sub": "an", "preferred_username": "an", "name": "Nguyễn Văn An"}
    assert answers[1].json() == {"sub": "an"}
    assert answers[2].status_code == 403
    assert 'error="insufficient_scope"' in answers[2].headers["www-authenticate"]
    assert answers[3].status_code == 401
    assert 'error="invalid_token"' in answers[3].headers["www-authenticate"]
    assert bare.headers["www-authenticate"] == 'Bearer realm="sangkien"'


async def test_both_discovery_documents_are_valid_and_name_what_is_there(identity):
    async with site(identity) as at:
        found = (await at.get("/.well-known/openid-configuration")).json()
        same = (await at.get("/.well-known/oauth-authorization-server")).json()
        # OpenID Connect requires RS256 of every provider; this one signs only with ES256.
        algorithms = [*found["id_token_signing_alg_values_supported"], "RS256"]
        wanted = {**found, "id_token_signing_alg_values_supported": algorithms}
        OpenIDProviderMetadata(wanted).validate()
        AuthorizationServerMetadata(same).validate()
        for name, url in found.items():
            if name.endswith(("_endpoint", "_uri")):
                assert (await at.get(url.removeprefix(ISSUER))).status_code != 404
    assert found == same
    assert found["issuer"] == ISSUER
    assert found["code_challenge_methods_supported"] == ["S256"]


async def test_every_redirect_says_which_issuer_it_comes_from(identity):
    async with site(identity) as at:
        at.register()
        async with at.client() as client:
            url, _ = client.create_authorization_url(AUTHORIZE, code_verifier=VERIFIER)
        visitor = Visitor(at)
        await visitor.sign_in()
        given = await visitor.go(url)
        refused = await visitor.go(url.replace("S256", "plain"))
        unsupported = await visitor.go(url + "&request=x")
    assert query_of(given)["iss"] == ISSUER
    assert query_of(refused)["iss"] == ISSUER
    assert query_of(refused)["error"] == "invalid_request"
    assert query_of(refused)["state"] == query_of(given)["state"]
    assert query_of(unsupported)["error"] == "request_not_supported"


async def test_people_are_asked_once_what_an_application_may_have(identity):
    async with site(identity) as at:
        at.register(trusted=False)
        async with at.client(scope="openid sangkien.read") as client:
            url, _ = client.create_authorization_url(AUTHORIZE, code_verifier=VERIFIER)
            more = url.replace("sangkien.read", "sangkien.read+sangkien.write")
        visitor = Visitor(at)
        await visitor.sign_in()
        silent = await visitor.go(url + "&prompt=none")
        page = await visitor.go(url)
        denied = await visitor.submit(page, decision="deny")
        again = await visitor.go(url)
        allowed = await visitor.submit(again, decision="allow")
        remembered = await visitor.go(url)
        wider = await visitor.go(more)
        asked = await visitor.go(url + "&prompt=consent")
    assert query_of(silent)["error"] == "consent_required"
    assert page.heading == "Allow An application?"
    assert "form-action 'self' https://app.test" in page.response.headers["content-security-policy"]
    assert query_of(denied)["error"] == "access_denied"
    assert "code" in query_of(allowed)
    assert "code" in query_of(remembered)
    assert wider.heading == asked.heading == page.heading


async def test_prompt_and_max_age_make_people_sign_in_anew(identity):
    async with site(identity) as at:
        at.register()
        async with at.client() as client:
            url, _ = client.create_authorization_url(AUTHORIZE, code_verifier=VERIFIER)
        visitor = Visitor(at)
        assert query_of(await visitor.go(url + "&prompt=none"))["error"] == "login_required"
        await visitor.sign_in()
        assert "code" in query_of(await visitor.go(url + "&prompt=none"))
        for wish in ("prompt=login", "prompt=select_account", "max_age=0"):
            at.clock.now += 2
            page = await visitor.go(f"{url}&{wish}")
            assert page.heading == "Sign in", wish
            done = await visitor.submit(page, username="an", password="correct horse")
            assert "code" in query_of(done), wish
        at.clock.now += 3_000
        silent = await visitor.go(url + "&prompt=none&max_age=600")
        assert query_of(silent)["error"] == "login_required"
        assert "code" in query_of(await visitor.go(url + "&max_age=6000"))


async def test_a_request_by_post_goes_on_as_one_by_get(identity):
    async with site(identity) as at:
        at.register()
        async with at.client() as client:
            url, _ = client.create_authorization_url(AUTHORIZE, code_verifier=VERIFIER)
        query = dict(pair.split("=", 1) for pair in url.split("?")[1].split("&"))
        visitor = Visitor(at)
        answer = await visitor.http.post(
            "/oauth/authorize",
            content=url.split("?")[1],
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": "https://app.test",
            },
        )
    assert answer.status_code == 303
    assert query_of(answer)["code_challenge"] == query["code_challenge"]
