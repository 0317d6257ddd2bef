"""Many things done one after another, of which some may be refused."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from db.rules.errors import DomainError
from db.write_session import WriteSession


async def each(
    session: WriteSession, commands: Sequence[Callable[[], Awaitable[Any]]]
) -> list[DomainError | None]:
    """Carry out commands. Returns for each why it was refused, None where it was not.

    One savepoint holds them all, and only where one is refused does each get its own: a savepoint
    costs two statements, and thousands in a transaction burden every other one of the server.
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
