"""Run many commands one after another; some of them may fail."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from db.rules.errors import DomainError
from db.write_session import WriteSession


async def each(
    session: WriteSession, commands: Sequence[Callable[[], Awaitable[Any]]]
) -> list[DomainError | None]:
    """Run commands. Returns an error or None for each.

    All run in one savepoint; only if one fails does each get its own: a savepoint costs two
    statements, and thousands of them in a transaction slow down every other one of the server.
    """
    try:
        async with session.savepoint():
            for command in commands:
                await command()
    except DomainError:
        return [await _refusal(session, command) for command in commands]
    return [None] * len(commands)


async def _refusal(
    session: WriteSession, command: Callable[[], Awaitable[Any]]
) -> DomainError | None:
    try:
        async with session.savepoint():
            await command()
    except DomainError as error:
        return error
    return None
