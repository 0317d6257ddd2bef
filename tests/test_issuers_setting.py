"""The setting of external OIDC providers."""

import json

import pytest

from api import settings
from api.settings import SettingsError
from auth.external.trust import Link

SECRET = "tr0ub4dor"


def loaded(monkeypatch, text):
    monkeypatch.setenv("SANGKIEN_OIDC_ISSUERS", text)
    return settings.load().oidc_issuers


def test_addresses_alone_are_trusted_for_tokens(monkeypatch):
    one, two = loaded(monkeypatch, "https://sso.example.vn/realms/a, http://localhost:9000")
    assert (one.issuer, one.key) == ("https://sso.example.vn/realms/a", "sso.example.vn")
    assert (one.client_id, one.link, one.plain_jwt) == (None, Link.NONE, False)
    assert (two.issuer, two.key) == ("http://localhost:9000", "localhost")
    assert not one.is_local
    assert two.is_local


def test_everything_about_an_issuer_can_be_said(monkeypatch, tmp_path):
    given = {
        "issuer": "https://sso.example.vn",
        "key": "sso",
        "name": {"vi": "Cổng chung", "en": "The portal"},
        "client_id": "sangkien",
        "client_secret": SECRET,
        "audiences": ["https://api.example.vn"],
        "link": "code",
        "plain_jwt": True,
        "scope": "sangkien.read",
        "second_factor": ["mfa"],
    }
    toml = "\n".join(f"{name} = {json.dumps(value)}" for name, value in given.items())
    toml = toml.replace(json.dumps(given["name"]), '{vi = "Cổng chung", en = "The portal"}')
    (tmp_path / "issuers.toml").write_text("[[issuers]]\n" + toml)
    (tmp_path / "issuers.json").write_text(json.dumps([given]))
    ways = [
        json.dumps(given),
        json.dumps({"issuers": [given]}),
        str(tmp_path / "issuers.toml"),
        str(tmp_path / "issuers.json"),
    ]
    first, *others = [loaded(monkeypatch, way) for way in ways]
    assert all(other == first for other in others)
    (trust,) = first
    assert trust.names == given["name"]
    assert (trust.client_secret, trust.link) == (SECRET, Link.CODE)
    assert (trust.plain_jwt, trust.audiences) == (True, ("https://api.example.vn",))
    assert (trust.scope, trust.second_factor) == ({"sangkien.read"}, {"mfa"})
    assert SECRET not in repr(trust)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"issuer": None}, "'issuer' of issuer 1"),
        ({"issuer": "http://sso.example.vn"}, "'issuer' of issuer 1"),
        ({"issuer": "http://localhost.evil.test"}, "'issuer' of issuer 1"),
        ({"issuer": "https://a@sso.example.vn"}, "'issuer' of issuer 1"),
        ({"issuer": "https://sso.example.vn?x=1"}, "'issuer' of issuer 1"),
        ({"issuer": "https://sso.example.vn:x"}, "'issuer' of issuer 1"),
        ({"issuer": "https://sso.exàmple.vn"}, "'issuer' of issuer 1"),
        ({"issuer": 7}, "'issuer' of issuer 1"),
        ({"key": "../x"}, "'key' of issuer 1"),
        ({"client_id": None, "client_secret": SECRET}, "'client_id' of issuer 1"),
        ({"client_id": None, "link": "email"}, "'client_id' of issuer 1"),
        ({"link": "name"}, "'link' of issuer 1"),
        ({"plain_jwt": "yes"}, "'plain_jwt' of issuer 1"),
        ({"plain_jwt": True}, "'plain_jwt' of issuer 1"),
        ({"plain_jwt": True, "audiences": ["a", "sangkien"]}, "'plain_jwt' of issuer 1"),
        ({"audiences": [""]}, "'audiences' of issuer 1"),
        ({"scope": "openid"}, "'scope' of issuer 1"),
        ({"name": {"vi": "Cổng"}}, "'name' of issuer 1"),
        ({"name": ""}, "'name' of issuer 1"),
        ({"client_secert": SECRET}, "'client_secert' of issuer 1"),
        ({"issuer": "http://localhost:8000"}, "SANGKIEN_ISSUER is trusted already"),
    ],
)
def test_a_wrong_issuer_is_refused_in_one_line_without_its_secret(monkeypatch, changes, told):
    given = {
        "issuer": "https://sso.example.vn",
        "client_id": "sangkien",
        "client_secret": SECRET,
        **changes,
    }
    given = {name: value for name, value in given.items() if value is not None}
    with pytest.raises(SettingsError, match="SANGKIEN_OIDC_ISSUERS=… cannot be") as refused:
        loaded(monkeypatch, json.dumps(given))
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sso.example.vn", "'issuer' of issuer 1"),
        ("https://a.test,https://a.test", "the same 'issuer'"),
        ("https://a.test/x,https://a.test/y", "the same 'key'"),
        ('{"client_secret": "tr0ub4dor"', "not well-formed JSON"),
        ('["tr0ub4dor"]', "issuer 1 must be an object"),
        ("/nowhere/at/all.toml", "the file cannot be read"),
    ],
)
def test_what_is_no_list_of_issuers_is_refused(monkeypatch, text, told):
    with pytest.raises(SettingsError, match=told) as refused:
        loaded(monkeypatch, text)
    assert "\n" not in str(refused.value)
    assert SECRET not in str(refused.value)
