"""Settings: their defaults, and rejections of invalid ones."""

import pytest

from api import settings
from api.introspection import Introspection
from api.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("INTROSPECTION", "some", "'all', 'signed-in' or 'none'"),
        ("CORS_ORIGINS", "*", "'*' is not an origin"),
        ("CORS_ORIGINS", "null", "is not an origin"),
        ("CORS_ORIGINS", "https://a.example/", "is not an origin"),
        ("CORS_ORIGINS", "https://a.example,https://*.b.example", "is not an origin"),
        ("CORS_ORIGINS", "https://a.example:x", "is not an origin"),
        ("CORS_ORIGINS", "https://A.example", "is not an origin"),
        ("RATE", "-1", "greater than or equal to 0"),
        ("BURST", "0", "greater than or equal to 1"),
        ("BATCH_LIMIT", "1000", "less than or equal to 50"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line_that_names_it(monkeypatch, name, value, told):
    monkeypatch.setenv(f"SANGKIEN_{name}", value)
    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert str(refused.value).startswith(f"SANGKIEN_{name}")
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_database_url_is_not_repeated_with_its_password(monkeypatch):
    monkeypatch.setenv("SANGKIEN_DATABASE_URL", "mysql://me:tr0ub4dor@host/x")
    with pytest.raises(SettingsError, match="SANGKIEN_DATABASE_URL") as refused:
        settings.load()
    assert "tr0ub4dor" not in str(refused.value)


def test_a_demo_is_open_and_everything_else_is_careful():
    demo, production = Settings(demo=True), Settings()
    assert (demo.introspection_for, demo.operations_a_second) == (Introspection.ALL, 0)
    assert (production.introspection_for, production.operations_a_second) == (
        Introspection.SIGNED_IN,
        100,
    )
    assert (production.batch_limit, production.cors_origins) == (0, ())


def test_several_origins_are_given_in_one_setting(monkeypatch):
    monkeypatch.setenv("SANGKIEN_CORS_ORIGINS", "https://a.example, http://localhost:3000")
    assert settings.load().cors_origins == ("https://a.example", "http://localhost:3000")
