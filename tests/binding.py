"""Read transactions of several statements, bound to a caller as each read of ours binds itself."""

import json

from db.sessions import Caller


def settings(caller: Caller) -> dict[str, str]:
    """Return what a caller's reads are bound to, by setting."""
    names, values = (json.loads(f"[{array[1:-1]}]") for array in caller.reading)
    bound = dict(zip(names, values, strict=True))
    del bound["transaction_read_only"]
    return bound


def binding(caller: Caller) -> str:
    """Return the statement that binds a transaction already begun."""
    parts = [f"set_config('{name}', '{value}', true)" for name, value in settings(caller).items()]
    if caller.grants_version is not None:
        parts.insert(0, f"check_grants({caller.account_id}, {caller.grants_version})")
    return f"select {', '.join(parts)}"


def begin_reading(caller: Caller) -> str:
    """Return the statements that begin a transaction."""
    return f"begin read only; {binding(caller)}"
