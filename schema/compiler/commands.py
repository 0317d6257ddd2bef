"""Declaration of the command that a mutation field runs.

`@mutation(command, permission, …)` decorates a method with the single argument `input`; its return
type is the union of the payload and the expected errors. The method's docstring is the field's
description; its body never runs.
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
        """The class of the command's outcome."""
        returned: type[Any] = get_type_hints(self.command)["return"]
        return returned


def mutation(
    command: Callable[..., Awaitable[Any]], *permissions: Permission, seconds: int = SECONDS
) -> Callable[[Callable[..., Any]], Any]:
    """Declare that a mutation's field runs a command of db/commands.

    The command is called with the session and the input's fields by name, without omitted ones and
    without the idempotency key. A command with the input `preview` writes nothing, so its outcome
    is not stored under a key.
    """

    def declare(method: Callable[..., Any]) -> Any:
        return strawberry.field(
            resolver=method,
            description=" ".join((method.__doc__ or "").split()),
            metadata={COMMAND: Guarded(command, permissions, seconds)},
        )

    return declare
