"""The account that imports or exports a file, and its audit events."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from api.settings import Settings
from auth.permissions import Permission, Scope
from auth.principal import Principal, Principals
from db.rules.errors import DomainError
from db.sessions import GrantsChangedError, Reader
from db.transactions import Attempt, Writer

T = TypeVar("T")
_TRIES = 3  # tries, when the account's grants change while it runs


@dataclass(frozen=True)
class Actor:
    """The account that a command acts as."""

    username: str
    principals: Principals
    writer: Writer
    reader_url: str

    async def act(
        self,
        attempt: Attempt,
        permissions: tuple[Permission, ...],
        facts: dict[str, Any],
        deed: Callable[[Principal], Awaitable[T]],
    ) -> T:
        """Run a deed with the account's grants; retry when they change; record a refused attempt.

        `facts` are part of the refused attempt. Raises UnknownAccountError, DomainError,
        GrantsChangedError and the errors of the deed.
        """
        for left in reversed(range(_TRIES)):
            principal = await self.principals.of(self.username)
            try:
                return await deed(principal)
            except GrantsChangedError:
                self.principals.forget(self.username)
                if not left:
                    raise
            except DomainError as error:
                unit_id = error.unit_id or common_unit(principal, *permissions)
                told = {name: fact for name, fact in error.facts.items() if fact is not None}
                await self.writer.note(
                    *(principal.caller, attempt, "REFUSED"),
                    unit_id=unit_id,
                    after={"code": error.code, **facts, **told},
                    outdated=True,
                )
                raise
        raise AssertionError  # pragma: no cover - the last try returns or raises


def common_unit(principal: Principal, *permissions: Permission) -> int | None:
    """Return the id of the lowest common ancestor of the units with these permissions."""
    scopes = [principal.scopes.get(permission, Scope()) for permission in permissions]
    lines = [path.split(".") for scope in scopes for path in (*scope.subtrees, *scope.units)]
    if not lines:
        return None
    shared = [ids[0] for ids in zip(*lines, strict=False) if len(set(ids)) == 1]
    return int(shared[-1])


@asynccontextmanager
async def actor(config: Settings, username: str) -> AsyncIterator[Actor]:
    """Yield an actor for a username; an unknown account raises an error when the actor acts."""
    reader_url, writer_url = config.serving_urls()
    pooler = config.behind_pooler
    reader = Reader(reader_url, size=1, pooler=pooler)
    # An import waits for locks without a time limit; other writers wait for its locks with one.
    writer = Writer(writer_url, size=2, pooler=pooler, lock_ms=0)
    try:
        yield Actor(username, Principals(reader, config.today), writer, reader_url)
    finally:
        await writer.close()
        await reader.close()
