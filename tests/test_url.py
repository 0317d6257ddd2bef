"""Database URLs keep all unchanged parts exactly."""

import pytest

from db.url import sqlalchemy_url, with_role


@pytest.mark.parametrize(
    ("url", "changed"),
    [
        ("postgresql://an:p%40ss@host:5432/name", "postgresql://reader:p%40ss@host:5432/name"),
        ("postgresql://an@host/name", "postgresql://reader@host/name"),
        ("postgresql://host/name", "postgresql://reader@host/name"),
        (
            "postgresql://an@/name?host=/a%20folder/socket&port=5432",
            "postgresql://reader@/name?host=/a%20folder/socket&port=5432",
        ),
    ],
)
def test_another_role_changes_nothing_but_the_role(url, changed):
    assert with_role(url, "reader") == changed


def test_sqlalchemy_reads_the_same_url():
    url = sqlalchemy_url("postgresql://an:p%40ss@/name?host=/a%20folder")
    assert (url.drivername, url.password) == ("postgresql+psycopg", "p@ss")
    assert url.query["host"] == "/a folder"
