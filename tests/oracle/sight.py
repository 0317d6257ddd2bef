"""The rows that a caller may see: a plain reading of the programme's role matrix.

The table of roles is that of auth/permissions.py; scopes, published, own and masked records are
implemented independently here.
"""

from collections.abc import Callable

from auth.permissions import PERMISSIONS, Permission, Reach
from db.models.enums import Role
from tests.oracle.duties import barred, place_of
from tests.oracle.world import Row, World

_WRITING = {
    Permission.INITIATIVE_WRITE,
    Permission.INITIATIVE_REVIEW,
    Permission.INITIATIVE_CURATE,
    Permission.AWARD_GRANT,
    Permission.TARGET_ASSIGN,
    Permission.TARGET_REGISTER,
    Permission.CAMPAIGN_MANAGE,
    Permission.UNIT_MANAGE,
    Permission.PERSON_MANAGE,
    Permission.ACCOUNT_MANAGE,
    Permission.GRANT_MANAGE,
}


class Sight:
    """A caller by username, or anonymous for None, and the visible rows."""

    def __init__(self, world: World, username: str | None) -> None:
        self.world = world
        self.account = world.one("account", username=username) if username else None
        self.root = world.rows["unit"][0]
        self._grants = [
            (Role(grant.role), world.unit_of(grant))
            for grant in self.grants()
            if self._holds(grant)
        ]
        writes = any(Permission.INITIATIVE_OWN in PERMISSIONS[role] for role, _ in self._grants)
        self.own_person: int | None = self.account.person_id if self.account and writes else None

    def grants(self) -> list[Row]:
        """Return all role grants of the account, also of other days, oldest first."""
        if self.account is None:
            return []
        return sorted(
            self.world.where("role_grant", account_id=self.account.id), key=lambda grant: grant.id
        )

    def _holds(self, grant: Row) -> bool:
        today = self.world.today
        return grant.revoked_at is None and bool(
            grant.valid_from <= today and (grant.valid_to is None or today <= grant.valid_to)
        )

    def may(self, permission: Permission, unit: Row, *, publicly: bool = True) -> bool:
        """Return whether a permission holds at a unit."""
        for role, at in self._grants:
            reach = PERMISSIONS[role].get(permission)
            if reach is Reach.SUBTREE and self.world.below(unit, at):
                return True
            if reach is Reach.UNIT and unit is at:
                return True
        return publicly and permission is Permission.UNIT_READ and unit is self.root

    def can(self, unit: Row) -> list[str]:
        """Return the caller's permissions at a unit.

        An auditor writes nothing anywhere; an account without a person decides on nothing.
        """
        audits = any(role is Role.AUDITOR for role, _ in self._grants)
        tied = self.account is not None and self.account.person_id is not None
        return sorted(
            permission.value
            for permission in Permission
            if self.may(permission, unit)
            and not (audits and permission in _WRITING)
            and (tied or permission is not Permission.INITIATIVE_REVIEW)
        )

    def tops(self) -> list[Row]:
        """Return the top units of the caller, by code.

        These are the units of its role grants, except those that another grant covers. The root,
        which everybody sees, counts only for callers who see all of it, or nothing else.
        """
        reads = [
            (PERMISSIONS[role][Permission.UNIT_READ] is Reach.SUBTREE, unit)
            for role, unit in self._grants
        ]
        wide = [unit for whole, unit in reads if whole]
        found = {
            unit.id: unit
            for _, unit in reads
            if not any(top is not unit and self.world.below(unit, top) for top in wide)
            and (unit is not self.root or unit in wide)
        }
        return sorted(found.values() or [self.root], key=lambda unit: unit.code)

    def sees(self, table: str, row: Row) -> bool:
        """Return whether the caller sees a row of a table at all."""
        rule: Callable[[Row], bool] | None = getattr(self, f"_{table}", None)
        return True if rule is None else rule(row)

    def _unit(self, row: Row) -> bool:
        return self.may(Permission.UNIT_READ, row)

    def _of_unit(self, row: Row) -> bool:
        return self._unit(self.world.unit_of(row))

    def granted(self, unit: Row) -> bool:
        """Return whether the caller sees a unit by a role of its own, not as the public does."""
        return self.may(Permission.UNIT_READ, unit, publicly=False)

    def _granted_unit(self, row: Row) -> bool:
        return self.granted(self.world.unit_of(row))

    _target = _window_override = _phase_result = _of_unit
    _target_revision = _unit_history = _adjustment = _granted_unit

    def _initiative(self, row: Row) -> bool:
        return (
            row.published_at is not None
            or self.may(Permission.INITIATIVE_READ, self.world.unit_of(row))
            or self.authored(row)
        )

    def _authorship(self, row: Row) -> bool:
        return self._initiative(self._initiative_of(row))

    def _review(self, row: Row) -> bool:
        return self.follows(self._initiative_of(row))

    _review_sheet = _review

    def _duplicate_link(self, row: Row) -> bool:
        other = self.world.find("initiative", row.original_id)
        assert other is not None
        return self.follows(self._initiative_of(row)) and self._initiative(other)

    def _person(self, row: Row) -> bool:
        return (
            self._person_within(row)
            or self._authored_within(row, Permission.PERSON_READ)
            or self._authored_within(row, Permission.PERSON_MASKED)
        )

    def _person_within(self, row: Row) -> bool:
        return self.knows(row) or self.may(Permission.PERSON_MASKED, self.world.unit_of(row))

    def _authored_within(self, person: Row, permission: Permission) -> bool:
        """Return whether a person authored an initiative of a unit whose people the caller sees."""
        works = self.world.where("authorship", person_id=person.id)
        units = [self.world.unit_of(self._initiative_of(work)) for work in works]
        return any(
            self.may(permission, unit) and self.may(Permission.INITIATIVE_READ, unit)
            for unit in units
        )

    def _membership(self, row: Row) -> bool:
        person = self.world.find("person", row.person_id)
        assert person is not None
        return self._person_within(person)

    def _account(self, row: Row) -> bool:
        person = self.world.find("person", row.person_id)
        known = person is not None and self._person_within(person)
        grants = self.world.where("role_grant", account_id=row.id)
        return row is self.account or known or any(map(self._role_grant, grants))

    def _role_grant(self, row: Row) -> bool:
        own = self.account is not None and row.account_id == self.account.id
        return own or self.may(Permission.GRANT_READ, self.world.unit_of(row))

    def _access_token(self, row: Row) -> bool:
        return self.account is not None and row.account_id == self.account.id

    def _token_family(self, row: Row) -> bool:
        # An account's own are visible as its access tokens are.
        return self._access_token(row) or row.account_id in self.services()

    def _oauth_client(self, row: Row) -> bool:
        held = self.world.where("token_family", client_id=row.client_id)
        return row.account_id in self.services() or any(map(self._access_token, held))

    def services(self) -> set[int]:
        """Return the accounts of applications whose role grants the caller reads."""
        acting = {client.account_id for client in self.world.rows["oauth_client"]}
        return {
            grant.account_id
            for grant in self.world.rows["role_grant"]
            if grant.account_id in acting
            and self.lasts(grant)
            and self.may(Permission.GRANT_READ, self.world.unit_of(grant))
        }

    def lasts(self, grant: Row) -> bool:
        """Return whether a role grant is valid today or later."""
        return grant.revoked_at is None and (
            grant.valid_to is None or bool(grant.valid_to >= self.world.today)
        )

    def _award(self, row: Row) -> bool:
        units = [self.world.find("unit", key) for key in (row.issuer_id, row.recipient_unit_id)]
        own = row.recipient_person_id is not None and row.recipient_person_id == self.own_person
        return own or any(unit is not None and self.granted(unit) for unit in units)

    def _audit_event(self, row: Row) -> bool:
        # An event without a unit is visible at the root.
        unit = self.root if row.unit_id is None else self.world.unit_of(row)
        return self.may(Permission.AUDIT_READ, unit)

    def _initiative_of(self, row: Row) -> Row:
        initiative = self.world.find("initiative", row.initiative_id)
        assert initiative is not None
        return initiative

    def follows(self, initiative: Row) -> bool:
        """Return whether the caller sees an initiative for another reason than its publication."""
        return self.authored(initiative) or self.may(
            Permission.INITIATIVE_READ, self.world.unit_of(initiative)
        )

    def ranks(self, unit: Row) -> bool:
        """Return whether the caller may see a unit's rank in its bloc."""
        return self.may(Permission.STANDING_READ, unit)

    def authored(self, initiative: Row) -> bool:
        """Return whether an initiative is the caller's own."""
        return self.own_person is not None and bool(
            self.world.where("authorship", initiative_id=initiative.id, person_id=self.own_person)
        )

    def decides(self, initiative: Row) -> bool:
        """Return whether the caller may take the decision that an initiative awaits."""
        unit = self.world.find("unit", initiative.awaits_id)
        assert unit is not None
        if self.account is None or self.account.person_id is None:
            return False  # the authorship of its person is unknown
        if self.account.id in barred(self.world, initiative, unit.level):
            return False
        place = place_of(self.world, initiative, unit)
        return any(
            one is not None and Permission.INITIATIVE_REVIEW in self.can(one)
            for one in (unit, place)
        )

    def can_with(self, initiative: Row) -> list[str]:
        """Return the permissions by which the caller may act on an initiative."""
        here = self.can(self.world.unit_of(initiative))
        found = {name for name in here if name in {"INITIATIVE_WRITE", "INITIATIVE_CURATE"}}
        if self._writes_own(initiative):
            found.add("INITIATIVE_OWN")
        if initiative.awaits_id is not None and self.decides(initiative):
            found.add("INITIATIVE_REVIEW")
        return sorted(found)

    def _writes_own(self, initiative: Row) -> bool:
        audits = any(role is Role.AUDITOR for role, _ in self._grants)
        drafted = self.account is not None and initiative.drafted_by_id == self.account.id
        own = self.authored(initiative) or (drafted and self.own_person is not None)
        return own and not audits

    def knows(self, person: Row) -> bool:
        """Return whether the caller sees a person's data unmasked."""
        return person.id == self.own_person or self.may(
            Permission.PERSON_READ, self.world.unit_of(person)
        )

    def names(self, person: Row) -> bool:
        """Return whether the caller sees a person's code and name unmasked."""
        return self.knows(person) or self._authored_within(person, Permission.PERSON_READ)

    def reads(self, initiative: Row) -> bool:
        """Return whether the caller may read the body of a visible initiative."""
        return (
            not initiative.confidential
            or self.authored(initiative)
            or self.may(Permission.CONTENT_READ, self.world.unit_of(initiative))
        )

    def visible(self, table: str) -> list[Row]:
        """Return the rows of a table that the caller sees."""
        return [row for row in self.world.rows[table] if self.sees(table, row)]
