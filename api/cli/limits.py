"""Options of the command line for what tokens are limited to."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import click
import psycopg

from api.cli.database import Failure
from auth.permissions import Permission

Command = TypeVar("Command", bound=Callable[..., Any])
_OPTIONS = (
    click.option("--read-only", is_flag=True, help="No mutation takes its tokens."),
    click.option("--unit", help="The code of a unit: there and below alone."),
    click.option(
        "--permission",
        "permissions",
        multiple=True,
        type=click.Choice([permission.value for permission in Permission]),
        help="Once for each that it is for; else all that the account has.",
    ),
)


class Limits(NamedTuple):
    """What tokens are limited to, as it is stored."""

    permissions: list[str] | None
    unit_id: int | None
    read_only: bool


def limitable(command: Command) -> Command:
    """Add the options to a command: `permissions`, `unit`, `read_only`."""
    for option in _OPTIONS:
        command = option(command)
    return command


def limits(
    connection: psycopg.Connection[tuple[Any, ...]],
    permissions: Sequence[str],
    unit: str | None,
    *,
    read_only: bool,
) -> Limits:
    """Return what the options say. Raises Failure where there is no such unit."""
    unit_id = None
    if unit is not None:
        found = connection.execute("select id from unit where code = %s", (unit,)).fetchone()
        if found is None:
            raise Failure(f"no unit '{unit}'")
        unit_id = int(found[0])
    return Limits(list(dict.fromkeys(permissions)) or None, unit_id, read_only)


def told(permissions: Sequence[str] | None, unit: str | None, *, read_only: bool) -> str:
    """Return limits in words; an empty text where there are none."""
    parts = (
        ",".join(permissions) if permissions is not None else "",
        f"at {unit}" if unit else "",
        "read-only" if read_only else "",
    )
    return " ".join(part for part in parts if part)
