"""The authors of an initiative: resolve, change, remove."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

import asyncpg

from db.rules.errors import ForbiddenError, InvalidInputError, Problem
from db.rules.initiative import ALL, check_authors, check_shares, without
from db.write_session import WriteSession

WRITE = "initiative_write"

_AUTHORS = "select code, id, sector from author_candidates($1, $2)"
_SELF = "select code, id, sector from person where id = own_person()"
_OWN = "select caller_person()"
_SHARES = "select person_id, share from authorship where initiative_id = $1"
ADD_AUTHORS = """insert into authorship (initiative_id, person_id, share)
    select $1, * from unnest($2::bigint[], $3::numeric[])"""
_SET_SHARE = "update authorship set share = $3 where initiative_id = $1 and person_id = $2"
_DROP_AUTHOR = "delete from authorship where initiative_id = $1 and person_id = $2"


class Author(Protocol):
    """An author in an input: the member's code, and the share in percent."""

    person: str
    share: float


async def named(
    session: WriteSession, unit_id: int, authors: Sequence[Author] | None
) -> list[tuple[int, str, Decimal]]:
    """Return each author's person id, sector and share; the caller alone if `authors` is None."""
    if authors is None:
        own = await session.row(_SELF)
        if own is None:
            raise InvalidInputError(Problem(("authors",), "TOO_FEW", "1"))
        return [(own["id"], own["sector"], ALL)]
    shares = [round(Decimal(str(author.share)), 2) for author in authors]
    check_shares(shares)
    rows = await session.rows(_AUTHORS, [author.person for author in authors], unit_id)
    known = {row["code"]: row for row in rows}
    missing = [
        Problem(("authors", str(index), "person"), "NO_SUCH_PERSON")
        for index, author in enumerate(authors)
        if author.person not in known
    ]
    if missing:
        raise InvalidInputError(*missing)
    return [
        (known[author.person]["id"], known[author.person]["sector"], share)
        for author, share in zip(authors, shares, strict=True)
    ]


def check_own(session: WriteSession, people: Sequence[tuple[int, str, Decimal]]) -> None:
    """Require that the caller is an author. Raises ForbiddenError."""
    if session.caller.person_id not in [person_id for person_id, *_ in people]:
        raise ForbiddenError("INITIATIVE_WRITE")


async def set_authors(
    session: WriteSession,
    initiative: asyncpg.Record,
    authors: Sequence[Author] | None,
    *,
    leave: bool,
) -> None:
    """Replace an initiative's authors; with `leave`, remove the caller and keep the others."""
    before = {
        row["person_id"]: row["share"] for row in await session.rows(_SHARES, initiative["id"])
    }
    own: int | None = await session.value(_OWN)
    if leave:
        if authors is not None:
            raise InvalidInputError(Problem(("leave",), "REPEATED"))
        after = without(before, own)
    else:
        people = await named(session, initiative["unit_id"], authors)
        after = {person_id: share for person_id, _, share in people}
    for_all = session.caller.may(WRITE, initiative["path"])
    check_authors(before, after, own=own, for_all=for_all)
    # The caller is removed last: until then it may write as an author.
    for person_id, share in after.items():
        if person_id not in before:
            await session.execute(ADD_AUTHORS, initiative["id"], [person_id], [share])
        elif before[person_id] != share:
            await session.execute(_SET_SHARE, initiative["id"], person_id, share)
    for person_id in sorted(before.keys() - after.keys(), key=lambda gone: gone == own):
        await session.execute(_DROP_AUTHOR, initiative["id"], person_id)
