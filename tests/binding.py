"""Transactions of several statements, bound to a caller like our own."""

from db.sessions import Binding, Caller


def settings(binding: Binding | None) -> dict[str, str]:
    """Return the settings of a caller's transactions."""
    assert binding is not None
    bound = dict(zip(binding.names, binding.values, strict=True))
    bound.pop("transaction_read_only", None)
    return bound


def binding(bound: Binding | None) -> str:
    """Return the statement that binds an open transaction."""
    parts = [f"set_config('{name}', '{value}', true)" for name, value in settings(bound).items()]
    if bound is not None and bound.checked:
        parts.insert(0, "check_grants({}, {})".format(*bound.checked))
    return f"select {', '.join(parts)}"


def begin_reading(caller: Caller) -> str:
    """Return the statements that begin a transaction."""
    return f"begin read only; {binding(caller.reading)}"


def begin_writing(caller: Caller) -> str:
    """Return the statements that begin a writing transaction."""
    return f"begin read write; {binding(caller.writing)}"
