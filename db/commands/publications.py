"""Publications: show initiatives to the public, and hide them again."""

from db.commands.initiatives import InitiativeOutcome, check_version
from db.rules.errors import ConflictError
from db.rules.publication import check_publication
from db.write_session import WriteSession

_LOAD = """
    select i.id, i.state, i.version, i.confidential, i.published_at is not null as published,
        i.unit_id, i.path::text, u.code
    from initiative i left join unit u on u.id = i.unit_id
    where i.number = $1
"""
_PUBLISH = """
    update initiative set published_at = $3, version = version + 1 where id = $1 and version = $2
"""


async def publish(
    session: WriteSession, *, number: str, published: bool = True, version: int | None = None
) -> InitiativeOutcome:
    """Publish a recognised initiative, or unpublish it; no change where it is so already."""
    initiative = await session.found("Initiative", number, _LOAD, number)
    session.require(
        "initiative_curate",
        {"id": initiative["unit_id"], "code": initiative["code"], "path": initiative["path"]},
    )
    check_version(initiative, version)
    if published:
        check_publication(initiative["state"], confidential=initiative["confidential"])
    if published != initiative["published"]:
        at = session.present if published else None
        if not await session.execute(_PUBLISH, initiative["id"], initiative["version"], at):
            raise ConflictError("STALE", version=initiative["version"] + 1)
    return InitiativeOutcome(initiative["id"])
