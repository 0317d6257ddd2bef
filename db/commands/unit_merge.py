"""Merges: close units and continue them in another."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.commands.adjustments import shift
from db.commands.moved_windows import check_moved, hold_all_windows
from db.commands.turns import hold_grants, hold_tree
from db.commands.units import MANAGE, check_gives_none, load, note, place, write
from db.rules.unit import check_merge
from db.write_session import WriteSession

# A trigger moves what continues (db/sql/merge.sql). A unit with a later valid_from ends that day.
_MERGE = """
    update unit set merged_into_id = $3, valid_to = greatest($4, valid_from), version = version + 1
    where id = $1 and version = $2
"""
_NOTE_CHILDREN = """
    insert into unit_history (unit_id, change, before, after, reason, account_id, at)
    select id, 'MOVED', jsonb_build_object('parent_id', parent_id),
        jsonb_build_object('parent_id', $2::bigint), $3, $4, $5
    from unit where parent_id = $1
"""


@dataclass(frozen=True)
class MergeOutcome:
    """The surviving unit, and the units merged into it."""

    unit_id: int
    merged_ids: list[int]


async def merge(
    session: WriteSession, *, units: Sequence[str], into: str, reason: str
) -> MergeOutcome:
    """Close units of one level and continue them in another of that level.

    Their child units, people and initiatives move there, as do role grants and campaigns. Targets,
    awards and decisions stay with the closed units. Raises PhaseRejectedError if units come under
    windows that conflict with their own phases or drives.
    """
    await hold_all_windows(session)
    await hold_tree(session, alone=True)
    await hold_all_windows(session)
    await hold_grants(session)
    home = await load(session, into)
    merged = [await load(session, code) for code in units]
    for unit in (*merged, home):
        session.require(MANAGE, unit)
    check_merge([place(unit) for unit in merged], place(home))
    for unit in merged:
        await check_gives_none(session, unit, home, merges=True)
    for unit in merged:
        await session.execute(
            _NOTE_CHILDREN,
            *(unit["id"], home["id"], reason, session.caller.account_id, session.present),
        )
        await write(session, unit, _MERGE, home["id"], session.today)
        await shift(
            session, unit["id"], out_of=unit["id"], into=home["id"], ends=True, reason=reason
        )
        after = {"merged_into_id": home["id"], "valid_to": session.today}
        await note(session, unit["id"], "MERGED", before=None, after=after, reason=reason)
    await check_moved(session, home["path"])
    return MergeOutcome(home["id"], [unit["id"] for unit in merged])
