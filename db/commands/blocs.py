"""Emulation blocs: created and renamed by managers of the root; a unit joins one by `update`."""

from dataclasses import dataclass

from db.rules.errors import ConflictError, ForbiddenError
from db.write_session import WriteSession

MANAGE = "unit_manage"

_ROOT = "select id, code, path::text from unit where parent_id is null"
_CREATE = """
    insert into emulation_bloc (code, name) values ($1, $2) on conflict do nothing returning id
"""
_LOAD = "select id from emulation_bloc where code = $1"
_RENAME = "update emulation_bloc set name = $2 where id = $1"


@dataclass(frozen=True)
class BlocOutcome:
    """The emulation bloc concerned."""

    bloc_id: int


async def create(session: WriteSession, *, code: str, name: str) -> BlocOutcome:
    """Create an emulation bloc; raises ConflictError where the code is taken."""
    await _require(session)
    bloc_id = await session.value(_CREATE, code, name)
    if bloc_id is None:
        raise ConflictError("TAKEN", field="code")
    return BlocOutcome(bloc_id)


async def update(session: WriteSession, *, bloc: str, name: str) -> BlocOutcome:
    """Rename an emulation bloc."""
    await _require(session)
    found = await session.found("EmulationBloc", bloc, _LOAD, bloc)
    await session.execute(_RENAME, found["id"], name)
    return BlocOutcome(found["id"])


async def _require(session: WriteSession) -> None:
    """Require the permission to manage the root unit: any unit may be in any bloc."""
    root = await session.row(_ROOT)
    if root is None:
        raise ForbiddenError(MANAGE.upper())
    session.require(MANAGE, root)
