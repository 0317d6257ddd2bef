"""Units as a list has them: planted where they are not there yet, else changed."""

from typing import Any

from db.commands.units import UnitOutcome, create, update
from db.rules.errors import InvalidInputError, Problem
from db.transactions import WriteSession

_FIXED = ("level", "parent", "valid_from", "closed_on")
_KNOWN = """
    select u.id, u.name, u.member_count, b.code as bloc,
        u.level, above.code as parent, u.valid_from, u.valid_to as closed_on
    from unit u left join unit above on above.id = u.parent_id
    left join emulation_bloc b on b.id = u.bloc_id
    where u.code = $1
"""


async def enter(
    session: WriteSession, *, code: str, reason: str | None = None, **given: Any
) -> UnitOutcome:
    """Plant a unit, or change the name, members and bloc of the one with this code.

    Where it stands, since when and whether it is closed is changed by moving and closing it:
    such a value must be the one that it has. What is not given stays.
    """
    known = await session.row(_KNOWN, code)
    if known is None:
        return await _plant(session, code, reason, given)
    _check_fixed(given, known)
    changes = {
        name: value for name, value in given.items() if name not in _FIXED and value != known[name]
    }
    if not changes:
        return UnitOutcome(known["id"])
    return await update(session, unit=code, reason=reason, **changes)


async def _plant(
    session: WriteSession, code: str, reason: str | None, given: dict[str, Any]
) -> UnitOutcome:
    _check_fixed({"closed_on": given.pop("closed_on", None)}, {"closed_on": None})
    if given["parent"] is None:
        raise InvalidInputError(Problem(("parent",), "BLANK"))
    return await create(session, code=code, reason=reason, **given)


def _check_fixed(given: Any, known: Any) -> None:
    problems = [
        Problem((name,), "FIXED", None if known[name] is None else str(known[name]))
        for name in _FIXED
        if name in given and given[name] != known[name]
    ]
    if problems:
        raise InvalidInputError(*problems)
