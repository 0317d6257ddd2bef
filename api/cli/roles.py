"""`sangkien roles`."""

import click
from sqlalchemy.engine import make_url

from api import settings
from api.cli.database import Failure
from api.settings import SettingsError
from db.prepare import DATABASE, OWNER
from db.roles import Roles, RolesError, statements

_HEAD = """\
-- A database administrator runs this in the database, as a superuser:
--     psql -v ON_ERROR_STOP=1 -d DATABASE -f THIS_FILE
-- with -v reader_password=... -v writer_password=... it sets these passwords too.
"""
_PASSWORDS = """
\\if :{{?{0}_password}}
alter role "{1}" password :'{0}_password';
\\endif
"""


@click.command()
def roles() -> None:
    """Print the SQL that makes the API's roles and the rights that the owner needs.

    For an owner (the user of SANGKIEN_DATABASE_URL) without CREATEROLE; the names are those of the
    database's URLs. It connects to nothing, and no password is printed.
    """
    try:
        config = settings.load()
        if config.database_url is None:
            config.database_url = f"postgresql://{OWNER}@localhost/{DATABASE}"
        owner_url, *role_urls = config.urls()
        named = Roles.of(*role_urls)
    except (SettingsError, RolesError) as error:
        raise Failure(str(error)) from error
    owner = make_url(owner_url)
    if not owner.username or not owner.database:
        raise Failure("SANGKIEN_DATABASE_URL names no user or no database")
    click.echo(_HEAD)
    click.echo(statements(named, owner=owner.username, database=owner.database).rstrip())
    click.echo(
        _PASSWORDS.format("reader", named.reader) + _PASSWORDS.format("writer", named.writer)
    )
