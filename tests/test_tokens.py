"""Access tokens: accepted ones, and rejected attacks."""

import base64
import hmac
import json
import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from auth.tokens import LONGEST, TokenError, Verifier, issue
from tests.visitor import Clock

ISSUER, AUDIENCE = "https://issuer.test", "sangkien"
KEY = ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256", "use": "sig"}, private=True)


def verifier(*published, **options):
    loads = []

    async def load_keys():
        loads.append(1)
        return [key.as_dict(private=False) for key in published or (KEY,)]

    made = Verifier(load_keys, issuer=ISSUER, audience=[AUDIENCE], **options)
    made.loads = loads
    return made


def claims(**changes):
    now = int(time.time())
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "an", "iat": now, "nbf": now, "exp": now + 60}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(key=KEY, header=None, **changes):
    head = {"alg": "ES256", "typ": "at+jwt", "kid": "one", **(header or {})}
    return jwt.encode(head, claims(**changes), key, algorithms=[head["alg"]])


async def test_a_token_of_the_issuer_is_taken():
    token = issue(KEY, "an", issuer=ISSUER, audience=AUDIENCE, ttl=60)
    assert (await verifier().verify(token)).subject == "an"


async def test_before_there_is_a_key_no_token_is_taken_and_then_those_of_the_first():
    published = []

    async def load_keys():
        return published

    clock = Clock()
    checked = Verifier(load_keys, issuer=ISSUER, audience=[AUDIENCE], clock=clock)
    with pytest.raises(TokenError):
        await checked.verify(signed())
    published.append(KEY.as_dict(private=False))
    clock.now += 60
    assert (await checked.verify(signed(exp=int(clock.now) + 60))).subject == "an"


async def test_a_verified_token_is_not_verified_again_until_it_expires(monkeypatch):
    clock = Clock()
    checked = verifier(clock=clock)
    token = signed()
    await checked.verify(token)
    monkeypatch.setattr(jwt, "decode", None)
    assert (await checked.verify(token)).subject == "an"
    clock.now += 3_600
    with pytest.raises(TokenError, match="expired"):
        await checked.verify(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.test"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": []},
        {"exp": int(time.time()) - 3_600},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": int(time.time()) + 3_600},
        {"sub": None},
        {"sub": 7},
        {"sub": "a\0b"},
    ],
)
async def test_wrong_or_missing_claims_are_refused(changes):
    with pytest.raises(TokenError):
        await verifier().verify(signed(**changes))


async def test_a_token_that_is_no_access_token_is_refused():
    with pytest.raises(TokenError, match="not an access token"):
        await verifier().verify(signed(header={"typ": "JWT"}))


def unsigned(header, payload, signature=b""):
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


async def test_the_algorithm_none_is_refused():
    with pytest.raises(TokenError):
        await verifier().verify(unsigned({"alg": "none", "typ": "at+jwt"}, claims()))


async def test_a_public_key_used_as_a_shared_secret_is_refused():
    signed_part = unsigned({"alg": "HS256", "typ": "at+jwt", "kid": "one"}, claims()).rpartition(
        "."
    )[0]
    mac = hmac.digest(KEY.as_pem(private=False), signed_part.encode(), "sha256")
    signature = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    with pytest.raises(TokenError):
        await verifier().verify(f"{signed_part}.{signature}")


async def test_keys_in_the_header_are_not_looked_at():
    other = ECKey.generate_key("P-256", {"kid": "one"}, private=True)
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "one", "jwk": other.as_dict(private=False)}
    registry_free = jwt.encode({k: v for k, v in header.items() if k != "jwk"}, claims(), other)
    with pytest.raises(TokenError):
        await verifier().verify(registry_free)
    _, body, signature = registry_free.split(".")
    for extra in (
        {"jwk": header["jwk"]},
        {"jku": "https://evil.test"},
        {"x5u": "https://evil.test"},
    ):
        forged = (
            base64.urlsafe_b64encode(
                json.dumps({"alg": "ES256", "typ": "at+jwt", "kid": "one", **extra}).encode()
            )
            .rstrip(b"=")
            .decode()
        )
        with pytest.raises(TokenError):
            await verifier().verify(f"{forged}.{body}.{signature}")


async def test_another_key_type_under_the_same_kid_is_refused():
    rsa = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
    token = jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": "one"}, claims(), rsa)
    with pytest.raises(TokenError):
        await verifier().verify(token)


async def test_a_header_that_makes_no_sense_is_refused():
    _, body, signature = signed().split(".")
    for changes in (
        {"kid": 7},
        {"kid": {"a": 1}},
        {"kid": None},
        {"kid": "../../etc/passwd"},
        {"kid": "' or 1=1 --"},
        {"kid": "a\0b"},
        {"alg": None},
        {"alg": ["ES256"]},
        {"alg": "es256"},
        {"alg": "ES384"},
        {"typ": None},
        {"typ": ["at+jwt"]},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"x5c": ["MIIB"]},
    ):
        header = {"alg": "ES256", "typ": "at+jwt", "kid": "one", **changes}
        forged = unsigned(header, {}).partition(".")[0]
        with pytest.raises(TokenError):
            await verifier().verify(f"{forged}.{body}.{signature}")


async def test_what_is_nested_too_deeply_or_is_no_object_is_refused():
    for part in (
        b"[" * 5_000,
        b"9" * 5_000,
        b"null",
        b"[]",
        b"\xff",
        b'{"alg":"ES256"' + b" " * 99,
    ):
        text = base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        for token in (f"{text}.e30.e30", f"{signed().split('.')[0]}.{text}.e30"):
            with pytest.raises(TokenError):
                await verifier().verify(token)


async def test_a_signature_over_another_body_is_refused():
    head, _, signature = signed().split(".")
    body = unsigned({}, claims(sub="admin")).split(".")[1]
    with pytest.raises(TokenError):
        await verifier().verify(f"{head}.{body}.{signature}")


@pytest.mark.parametrize("changes", [{"scope": 7}, {"client_id": {}}, {"family": ["x"]}])
async def test_claims_of_the_wrong_kind_are_refused(changes):
    with pytest.raises(TokenError):
        await verifier().verify(signed(**changes))


async def test_a_token_says_for_whom_and_for_what_it_may_be_used():
    by_hand = await verifier().verify(issue(KEY, "an", issuer=ISSUER, audience=AUDIENCE, ttl=60))
    assert by_hand.scope == {"sangkien.read", "sangkien.write"}
    assert (by_hand.client_id, by_hand.family) == ("sangkien-cli", None)
    narrow = await verifier().verify(signed(scope="sangkien.read", client_id="app", family="f"))
    assert narrow == ("an", narrow.expires, {"sangkien.read"}, "app", "f", None)
    assert (await verifier().verify(signed())).scope == set()


async def test_a_revoked_family_is_noticed_within_seconds():
    clock, revoked = Clock(), set()

    async def load_revoked():
        return set(revoked)

    checked = verifier(clock=clock, load_revoked=load_revoked)
    token, other = signed(family="f"), signed(family="g")
    await checked.verify(token)
    revoked.add("f")
    clock.now += 6
    with pytest.raises(TokenError, match="revoked"):
        await checked.verify(token)
    assert (await checked.verify(other)).family == "g"


async def test_tokens_of_a_key_that_was_withdrawn_are_refused():
    clock, newer = Clock(), ECKey.generate_key("P-256", {"kid": "two"}, private=True)
    published = [KEY]

    async def load_keys():
        return [key.as_dict(private=False) for key in published]

    checked = Verifier(load_keys, issuer=ISSUER, audience=[AUDIENCE], clock=clock)
    token = signed(exp=int(clock.now) + 3_600)
    await checked.verify(token)
    published[:] = [newer]
    clock.now += 301
    with pytest.raises(TokenError):
        await checked.verify(token)


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "....", "é" * 10, "x" * (LONGEST + 1)])
async def test_what_is_no_token_is_refused(token):
    with pytest.raises(TokenError):
        await verifier().verify(token)


async def test_garbage_does_not_make_it_ask_for_keys_each_time():
    checked = verifier()
    for number in range(50):
        with pytest.raises(TokenError):
            await checked.verify(f"a.b.{number}")
    assert len(checked.loads) == 1


async def test_a_key_published_later_is_found():
    newer = ECKey.generate_key("P-256", {"kid": "two", "alg": "ES256"}, private=True)
    checked = verifier(KEY, newer)
    checked._keys_loaded_at = float("-inf")
    token = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "two"}, claims(), newer)
    assert (await checked.verify(token)).subject == "an"
