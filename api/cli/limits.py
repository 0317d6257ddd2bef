"""Command-line options for the limits of tokens."""

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
    """The limits of tokens, in the form in which they are stored."""

    permissions: list[str] | None
    unit_id: int | None
    read_only: bool


def limitable(command: Command) -> Command:
    """Add the options `permissions`, `unit` and `read_only` to a command."""
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
    """Return the limits that the options set. Raises Failure where the unit does not exist."""
    unit_id = None
    if unit is not None:
        found = connection.execute("select id from unit where code = %s", (unit,)).fetchone()
        if found is None:
            raise Failure(f"no unit '{unit}'")
        unit_id = int(found[0])
    return Limits(list(dict.fromkeys(permissions)) or None, unit_id, read_only)


def told(permissions: Sequence[str] | None, unit: str | None, *, read_only: bool) -> str:
    """Return the text of limits; empty where there are none."""
    parts = (
        ",".join(permissions) if permissions is not None else "",
        f"at {unit}" if unit else "",
        "read-only" if read_only else "",
    )
    return " ".join(part for part in parts if part)
