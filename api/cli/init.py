"""`sangkien init`."""

from collections.abc import Iterator

import click
import psycopg
import strawberry

from api.cli.database import Failure, database, owner
from api.settings import DEFAULT_ISSUER
from auth import keys
from auth.installation import Installation, NotEmptyError, install
from db.rules.errors import InvalidInputError, Problem
from db.rules.person import check_contact
from schema import inputs
from schema.inputs import line, problems
from schema.messages import message
from schema.mutations import people  # noqa: F401 - the texts about addresses

_OPTIONS = {
    "username": "--admin",
    "personName": "--admin-name",
    "personCode": "--admin-code",
    "email": "--admin-email",
    "blocCode": "--bloc",
    "blocName": "--bloc",
}


@strawberry.input
class InstallationForm:
    """The fields of the root unit and its administrator, with the limits of any unit and person."""

    code: str = inputs.code()
    name: str = line(300)
    username: str = line(100)
    person_code: str = inputs.code()
    person_name: str = line(200)
    email: str | None = line(254, default=None)


@strawberry.input
class BlocForm:
    """The fields of an emulation bloc."""

    bloc_code: str = inputs.code()
    bloc_name: str = line(200)


@click.command()
@click.option("--code", required=True, help="The root unit's code, such as TLD.")
@click.option("--name", required=True, help="The root unit's name.")
@click.option("--admin", "username", required=True, help="The administrator's username.")
@click.option("--admin-name", "person_name", required=True, help="The administrator's full name.")
@click.option(
    "--admin-code",
    "person_code",
    default="ADMIN",
    show_default=True,
    help="The administrator's code as a member.",
)
@click.option("--admin-email", "email", help="The administrator's e-mail address.")
@click.option("--bloc", "blocs", multiple=True, metavar="CODE=NAME", help="An emulation bloc.")
def init(blocs: tuple[str, ...], **given: str | None) -> None:
    """Give an empty database its root unit and its first administrator.

    Migrates the database first, as 'sangkien migrate' does, and runs as the same role, the owner of
    SANGKIEN_DATABASE_URL. Prints an invitation link, alone on standard output: by it the
    administrator chooses a password within 72 hours, and does everything else after that.
    """
    words = {name: word for name, word in given.items() if word is not None}
    named = _named(blocs)
    wrong = [_in_words(problem) for problem in (*_problems(words), *_problems_of_blocs(named))]
    if words["username"] != words["username"].strip():
        wrong.append("--admin: a username has no spaces around it")
    if wrong:
        raise Failure("\n".join(wrong))
    with database(migrate=True, create=True) as config:
        if config.demo:
            raise Failure("SANGKIEN_DEMO is set: 'sangkien demo' loads the data of a demo")
        first = Installation(**words, blocs=named, today=config.today)
        with owner(config, "init") as connection:
            keys.ensure(connection)
            token = _install(connection, first)
    if "issuer" not in config.model_fields_set:
        click.echo(
            f"sangkien: SANGKIEN_ISSUER is not set: the link is of {DEFAULT_ISSUER}", err=True
        )
    click.echo(f"{config.issuer}/oauth/invitation/{token}")


def _install(connection: psycopg.Connection, first: Installation) -> str:
    try:
        return install(connection, first)
    except NotEmptyError as error:
        raise Failure(f"{error}; init is for an empty database") from error


def _named(blocs: tuple[str, ...]) -> dict[str, str]:
    """Return the names of emulation blocs by code. Raises Failure."""
    named: dict[str, str] = {}
    for bloc in blocs:
        bloc_code, equals, name = bloc.partition("=")
        if not equals:
            raise Failure(f"--bloc {bloc!r} is not CODE=NAME")
        if bloc_code in named:
            raise Failure(f"--bloc {bloc_code!r} is given twice")
        named[bloc_code] = name
    return named


def _problems(words: dict[str, str]) -> Iterator[Problem]:
    yield from problems(InstallationForm(**words))
    try:
        check_contact(words.get("email"), None)
    except InvalidInputError as error:
        yield from error.facts["problems"]


def _problems_of_blocs(named: dict[str, str]) -> Iterator[Problem]:
    for bloc_code, name in named.items():
        yield from problems(BlocForm(bloc_code=bloc_code, bloc_name=name))


def _in_words(problem: Problem) -> str:
    (name,) = problem.path
    option = _OPTIONS.get(name, f"--{name}")
    return f"{option}: {message(problem.code, 'en', {'limit': problem.limit})}"
