"""Database URLs: one setting, and the roles' URLs made from it."""

from sqlalchemy.engine import URL, make_url

READER = "sangkien_reader"
WRITER = "sangkien_writer"


def sqlalchemy_url(url: str) -> URL:
    """Return a libpq-style URL for SQLAlchemy's synchronous psycopg driver."""
    return make_url(url).set(drivername="postgresql+psycopg")


def libpq_url(url: str) -> str:
    """Return a URL as libpq and asyncpg read it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def with_role(url: str, role: str) -> str:
    """Return the same URL for another role, with the same password."""
    return make_url(libpq_url(url)).set(username=role).render_as_string(hide_password=False)
