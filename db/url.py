"""Database URLs: one setting, and the URLs of the roles derived from it."""

from urllib.parse import quote, urlsplit

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL, make_url

READER = "sangkien_reader"
WRITER = "sangkien_writer"


def sqlalchemy_url(url: str) -> URL:
    """Return a libpq URL for SQLAlchemy's synchronous psycopg driver."""
    return make_url(url).set(drivername="postgresql+psycopg")


def with_role(url: str, role: str) -> str:
    """Return the same URL for another role, with the same password.

    The rest is unchanged to the letter: SQLAlchemy would write a space as +, which libpq reads as
    a plus.
    """
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    _, colon, password = user.partition(":")
    return parts._replace(netloc=f"{role}{colon}{password}@{place}").geturl()


def with_password(url: str, password: str) -> str:
    """Return the same URL with a password, which may contain any characters."""
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    user = user.partition(":")[0]
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}").geturl()


def password_of(url: str) -> str | None:
    """Return the password in a URL, in the user part or as a parameter; None without one."""
    found = conninfo_to_dict(url).get("password")
    return str(found) if found else None
