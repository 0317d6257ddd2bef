"""The accounts that may decide on an initiative: a plain reading of "Separation of duties"."""

from auth.permissions import PERMISSIONS, Permission
from db.models.enums import Role
from tests.oracle.world import Row, World


def barred(world: World, initiative: Row, level: str) -> set[int]:
    """Return the accounts that may not decide on an initiative for a level."""
    of_it = {"initiative_id": initiative.id}
    hands = {initiative.drafted_by_id} | {
        decision.account_id
        for decision in (*world.where("review", **of_it), *world.where("review_sheet", **of_it))
        if world.unit_of(decision).level != level
    }
    people = {part.person_id for part in world.where("authorship", **of_it)} | {
        account.person_id for account in world.rows["account"] if account.id in hands
    }
    return {
        account.id
        for account in world.rows["account"]
        if account.id in hands or (account.person_id is not None and account.person_id in people)
    }


def place_of(world: World, initiative: Row, awaited: Row) -> Row | None:
    """Return the unit that decides for an awaited one: itself, or the next above that can."""
    out = barred(world, initiative, awaited.level)
    line = reversed(world.line(awaited))
    return next((u for u in line if u.valid_to is None and staff(world, u) - out), None)


def staff(world: World, unit: Row) -> set[int]:
    """Return the accounts that decide at a unit today; an auditor only reads."""
    today = [
        grant
        for grant in world.rows["role_grant"]
        if grant.revoked_at is None
        and grant.valid_from <= world.today
        and (grant.valid_to is None or grant.valid_to >= world.today)
    ]
    audits = {grant.account_id for grant in today if grant.role == Role.AUDITOR}
    return {
        grant.account_id
        for grant in today
        if grant.unit_id == unit.id
        and Permission.INITIATIVE_REVIEW in PERMISSIONS[Role(grant.role)]
        and decides(world, grant.account_id)
    } - audits


def decides(world: World, account_id: int) -> bool:
    """Return whether an account is enabled and belongs to a person."""
    account = world.find("account", account_id)
    assert account is not None
    return account.person_id is not None and getattr(account, "disabled_at", None) is None
