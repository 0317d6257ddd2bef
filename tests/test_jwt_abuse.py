"""Access tokens built to be expensive, to confuse or to cause fetches; each is rejected at once."""

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey

from auth.tokens import LONGEST, TokenError
from tests.client import client
from tests.test_tokens import KEY, claims, signed, unsigned, verifier
from tests.visitor import Clock

HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": "one"}


def encoded(part):
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def by_hand(header, payload, key=KEY):
    """Return a correctly signed token with exactly these bytes."""
    text = f"{encoded(header)}.{encoded(payload)}"
    der = key.get_op_key("sign").sign(text.encode(), ec.ECDSA(SHA256()))
    numbers = decode_dss_signature(der)
    return f"{text}.{encoded(b''.join(n.to_bytes(32, 'big') for n in numbers))}"


def as_bytes(value, **changes):
    return json.dumps({**value, **changes}).encode()


async def test_what_is_signed_by_hand_is_taken_when_it_is_good():
    token = by_hand(as_bytes(HEADER), as_bytes(claims()))
    assert (await verifier().verify(token)).subject == "an"


async def test_unknown_keys_however_named_make_it_ask_for_keys_once_a_while():
    clock, foreign = Clock(), ECKey.generate_key("P-256", {"kid": "x"}, private=True)
    checked = verifier(clock=clock)
    names = ["../../../etc/passwd", "file:///etc/passwd", "https://evil.test/keys", "one\n", "%00"]
    names += [f"kid-{number}" for number in range(200)]
    for kid in names:
        with pytest.raises(TokenError):
            await checked.verify(signed(foreign, header={"kid": kid}))
    assert len(checked.loads) == 1
    clock.now += 11
    for kid in names:
        with pytest.raises(TokenError):
            await checked.verify(signed(foreign, header={"kid": kid}))
    assert len(checked.loads) == 2


@pytest.mark.parametrize(
    "extra",
    [
        {"jku": "https://evil.test/keys"},
        {"x5u": "https://evil.test/chain"},
        {"jwk": KEY.as_dict(private=False)},
        {"x5c": ["MIIB"]},
    ],
    ids=["jku", "x5u", "jwk", "x5c"],
)
async def test_keys_that_a_header_offers_verify_nothing(extra, monkeypatch):
    def connect(*_, **__):
        raise AssertionError("it asked the network")

    monkeypatch.setattr("socket.socket.connect", connect)
    foreign = ECKey.generate_key("P-256", {"kid": "x"}, private=True)
    extra = {"jwk": foreign.as_dict(private=False)} if "jwk" in extra else extra
    checked = verifier()
    for kid in ("one", "x", None):
        header = {**HEADER, **extra, "kid": kid}
        with pytest.raises(TokenError):
            await checked.verify(by_hand(as_bytes(header), as_bytes(claims()), foreign))
    assert len(checked.loads) == 1


@pytest.mark.parametrize(
    "header",
    [
        as_bytes(HEADER, crit=["exp"], exp=1),
        as_bytes(HEADER, crit=["unknown"], unknown=1),
        as_bytes(HEADER, crit=[]),
        as_bytes(HEADER, crit="b64"),
        as_bytes(HEADER, b64=False, crit=["b64"]),
        as_bytes(HEADER, alg="none"),
        as_bytes(HEADER, alg="HS256"),
        as_bytes(HEADER, alg="RS256"),
        as_bytes(HEADER, alg="EdDSA"),
        b'{"alg":"ES256","typ":"at+jwt","kid":"one","alg":"none"}',
        b'{"alg":"ES256","typ":"at+jwt","kid":"one","typ":"JWT"}',
    ],
)
async def test_a_header_that_asks_for_other_rules_is_refused_though_signed(header):
    with pytest.raises(TokenError):
        await verifier().verify(by_hand(header, as_bytes(claims())))


DEEP = b"[" * 2_500 + b"]" * 2_500


@pytest.mark.parametrize(
    "expires",
    ['"9999999999"', "1e400", "-1e400", "NaN", "Infinity", "null", "true", "[9999999999]", "{}",
     "1" * 400, "1" * 5_000, "1700000000", "1700000000.5", "-1", '"NaN"'],
)  # fmt: skip
async def test_an_expiry_that_is_no_moment_to_come_is_refused(expires):
    good = as_bytes(claims(exp=None))
    payload = good[:-1] + f', "exp": {expires}}}'.encode()
    clock = Clock()
    checked = verifier(clock=clock)
    token = by_hand(as_bytes(HEADER), payload)
    with pytest.raises(TokenError):
        await checked.verify(token)
    assert not checked._verified


async def test_an_expiry_with_a_fraction_is_a_moment():
    token = by_hand(as_bytes(HEADER), as_bytes(claims(exp=time.time() + 60.5)))
    assert (await verifier().verify(token)).subject == "an"


async def test_members_given_twice_count_as_verified_and_as_read_alike():
    """The last value counts for every check: none is verified and another one used."""
    payload = as_bytes(claims())[:-1] + b', "sub": "admin", "aud": "another"}'
    with pytest.raises(TokenError):
        await verifier().verify(by_hand(as_bytes(HEADER), payload))
    payload = as_bytes(claims(iss="https://other.test"))[:-1] + b', "iss": "https://issuer.test"}'
    claimed = await verifier().verify(by_hand(as_bytes(HEADER), payload))
    assert claimed.subject == "an"


@pytest.mark.parametrize(
    ("header", "payload"),
    [
        (as_bytes(HEADER, kid="k" * 100_000), as_bytes(claims())),
        (as_bytes(HEADER), as_bytes(claims(aud=[f"a{n}" for n in range(10_000)] + ["sangkien"]))),
        (as_bytes(HEADER), as_bytes(claims(sub="x" * 20_000))),
        (
            as_bytes(HEADER),
            as_bytes(claims())[:-1] + b', "x": ' + b"[" * 2_500 + b"]" * 2_500 + b"}",
        ),
        (as_bytes(HEADER)[:-1] + b', "x": ' + b'{"y":' * 900 + b"1" + b"}" * 900 + b"}", b"{}"),
    ],
    ids=["kid", "aud", "sub", "nested claims", "nested header"],
)
async def test_what_is_large_or_deep_is_refused_before_it_costs(header, payload):
    token, checked = by_hand(header, payload), verifier()
    started = time.process_time()
    for _ in range(20):
        try:
            claimed = await checked.verify(token)
        except TokenError:
            continue
        # Deep, and within the length limit of a token: harmless, as nothing reads it.
        assert len(token) <= LONGEST
        assert claimed.subject == "an"
    assert time.process_time() - started < 1.0


async def test_over_http_none_is_answered_with_what_it_said(demo):
    foreign = ECKey.generate_key("P-256", {"kid": "x"}, private=True)
    tokens = [
        signed(foreign, header={"kid": "../zz9"}),
        by_hand(as_bytes(HEADER, crit=["zz9"], zz9=1), as_bytes(claims())),
        unsigned({"alg": "none", "kid": "zz9"}, claims(sub="zz9")),
        "zz9" * 7_000,
    ]
    async with client(demo) as http:
        for token in tokens:
            headers = {"Authorization": f"Bearer {token}"}
            answer = await http.http.post("/graphql", json={"query": "{ x }"}, headers=headers)
            assert answer.status_code == 401
            assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            assert "zz9" not in answer.text + str(answer.headers)
