"""Declares the command that a mutation field runs.

`@mutation(command, permission, …)` on a method whose one argument is `input` and whose return
type is the union of the payload and the expected errors. The method's docstring is the field's
description; its body is never run.
"""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

import strawberry

from auth.permissions import Permission
from db.transactions import SECONDS

COMMAND = "command"
KEY = "idempotency_key"
PREVIEW = "preview"


@dataclass(frozen=True)
class Guarded:
    """A command, its permissions (any one, at any unit), and its time limit in seconds."""

    command: Callable[..., Awaitable[Any]]
    permissions: tuple[Permission, ...]
    seconds: int

    @functools.cached_property
    def outcome(self) -> type[Any]:
        """Return the class of what the command returns."""
        returned: type[Any] = get_type_hints(self.command)["return"]
        return returned


def mutation(
    command: Callable[..., Awaitable[Any]], *permissions: Permission, seconds: int = SECONDS
) -> Callable[[Callable[..., Any]], Any]:
    """Declare that a mutation's field runs a command of db/commands.

    The command is called with the session and the input's fields by name, without those that
    were left out and without the idempotency key. A command whose input says `preview` writes
    nothing, so there is nothing to remember by a key.
    """

    def declare(method: Callable[..., Any]) -> Any:
        return strawberry.field(
            resolver=method,
            description=" ".join((method.__doc__ or "").split()),
            metadata={COMMAND: Guarded(command, permissions, seconds)},
        )

    return declare
