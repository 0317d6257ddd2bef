"""People, redacted for the caller; accounts and role grants."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    case,
    func,
    literal,
    literal_column,
    select,
)

from db.models import Account, Membership, Person, RoleGrant, Unit
from db.models.base import LTree
from db.queries.rows import Row, Rows, any_of, everything
from db.queries.units import below, path_of


def by_id(key: ColumnElement[Any]) -> Select[Any]:
    """Return the person with this id."""
    person = Person.__table__.alias()
    return everything(person).where(person.c.id == key)


def by_code(_: Row, code: ColumnElement[str]) -> Select[Any]:
    """Return the person with this code, if the caller sees its code and name."""
    person = Person.__table__.alias()
    return everything(person).where(person.c.code == code, _named(person.c.id, person.c.path))


def of_row(of: Row) -> Select[Any]:
    """Return the person of a row's `person_id`."""
    return by_id(of.person_id)


def recipient(of: Row) -> Select[Any]:
    """Return the person that received an award."""
    return by_id(of.recipient_person_id)


def actor(of: Row) -> Select[Any]:
    """Return the person of a row's `account_id`."""
    return _behind(of.account_id)


def granter(of: Row) -> Select[Any]:
    """Return the person who gave a role grant."""
    return _behind(of.granted_by_id)


def revoker(of: Row) -> Select[Any]:
    """Return the person who revoked a role grant."""
    return _behind(of.revoked_by_id)


def of_unit(of: Row, *, filter: dict[str, Any] | None) -> Rows:
    """Return the people of a unit itself, in the order of their ids."""
    person = Person.__table__.alias()
    return _filtered(person, everything(person).where(person.c.unit_id == of.id), filter)


def under(_: Row, under: ColumnElement[str], *, filter: dict[str, Any] | None) -> Rows:
    """Return the people of a unit's subtree, in the order of their ids."""
    person = Person.__table__.alias()
    unit = Unit.__table__.alias()
    units = select(unit.c.id).where(below(unit.c.path, path_of(under)))
    return _filtered(person, everything(person).where(person.c.unit_id.in_(units)), filter)


def name(of: Row) -> ColumnElement[str]:
    """Return the name; its initials where personal data is redacted."""
    initials = func.regexp_replace(of.name, r"(\S)\S*", r"\1.", "g")
    return case((_named(of.id, of.path), of.name), else_=initials)


def code(of: Row) -> ColumnElement[str]:
    """Return the code, or asterisks where it is redacted."""
    return case((_named(of.id, of.path), of.code), else_=literal("***"))


def email(of: Row) -> ColumnElement[str]:
    """Return the e-mail address, or asterisks where one is redacted."""
    return _shown(of, of.email, case((of.email.is_not(None), "***")))


def phone(of: Row) -> ColumnElement[str]:
    """Return the phone number, or asterisks where one is redacted."""
    return _shown(of, of.phone, case((of.phone.is_not(None), "***")))


def viewer(_: Row) -> Select[Any]:
    """Return one row, the parent of the fields of `Viewer`."""
    return select(literal_column("1").label("one"))


def caller(_: Row) -> Select[Any]:
    """Return the caller's account; no row for an anonymous caller."""
    account = _accounts()
    return select(*account.c).where(account.c.id == func.caller(), account.c.kind != "PUBLIC")


def account_of_row(of: Row) -> Select[Any]:
    """Return the account of a row's `account_id`."""
    return account_by_id(of.account_id)


def account_by_id(key: ColumnElement[Any]) -> Select[Any]:
    """Return the account with this id."""
    account = _accounts()
    return select(*account.c).where(account.c.id == key)


def account_of_person(of: Row) -> Select[Any]:
    """Return the account of a person."""
    account = _accounts()
    return select(*account.c).where(account.c.person_id == of.id)


def memberships(of: Row) -> Rows:
    """Return the current and the former memberships of a person, newest first."""
    membership = Membership.__table__.alias()
    rows = everything(membership).where(membership.c.person_id == of.id)
    return Rows((rows,), ("id",), descending=True)


def accounts_at(of: Row) -> Rows:
    """Return the accounts of a unit's people, in the order in which they were created."""
    account, person = _accounts(), Person.__table__.alias()
    here = select(person.c.id).where(person.c.unit_id == of.id)
    return Rows((select(*account.c).where(account.c.person_id.in_(here)),), ("id",))


def invited_until(of: Row) -> ColumnElement[Any]:
    """Return when an account's open invitation expires."""
    return func.account_invited_until(of.id)


def grants_of_account(of: Row) -> Rows:
    """Return the role grants of an account, newest first, revoked ones too."""
    grant = RoleGrant.__table__.alias()
    return Rows((everything(grant).where(grant.c.account_id == of.id),), ("id",), descending=True)


def grants(_: Row) -> Select[Any]:
    """Return the caller's unrevoked role grants, oldest first, past and future ones too."""
    grant = RoleGrant.__table__.alias()
    own = (grant.c.account_id == func.caller()) & grant.c.revoked_at.is_(None)
    return everything(grant).where(own).order_by(grant.c.id)


def grant_by_id(key: ColumnElement[Any]) -> Select[Any]:
    """Return the role grant with this id."""
    grant = RoleGrant.__table__.alias()
    return everything(grant).where(grant.c.id == key)


def grant_of_row(of: Row) -> Select[Any]:
    """Return the role grant of a row's `grant_id`."""
    return grant_by_id(of.grant_id)


def granted_at(of: Row) -> Rows:
    """Return the role grants at a unit, newest first, revoked ones too."""
    grant = RoleGrant.__table__.alias()
    return Rows((everything(grant).where(grant.c.unit_id == of.id),), ("id",), descending=True)


def username(of: Row) -> ColumnElement[str]:
    """Return the username of a role grant's account, which may be hidden itself."""
    return func.grant_username(of.id)


def in_scope(path: ColumnElement[Any], scope: str) -> ColumnElement[bool]:
    """Return whether a path lies in one of the caller's scopes."""
    return path.bool_op("<@")(any_of(func.scope(scope), LTree()))


def _shown(of: Row, value: ColumnElement[Any], masked: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((_known(of.id, of.path), value), else_=masked)


def _known(person_id: ColumnElement[Any], path: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether the caller sees all data of a person without redaction."""
    own = person_id == select(func.own_person()).scalar_subquery()
    return in_scope(path, "person_read") | own


def _named(person_id: ColumnElement[Any], path: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether the caller sees a person's code and name, as also of its units' authors."""
    return _known(person_id, path) | func.authored_within(person_id, "person_read")


def _begins(person: FromClause, text: ColumnElement[str]) -> ColumnElement[bool]:
    """Return whether the code, or a word of the name, begins with a text."""
    wanted = func.fold(text)
    words = func.concat(" ", func.fold(person.c.name))
    return func.starts_with(func.fold(person.c.code), wanted) | (
        func.strpos(words, func.concat(" ", wanted)) > 0
    )


def _behind(account_id: ColumnElement[Any]) -> Select[Any]:
    account, person = Account.__table__.alias(), Person.__table__.alias()
    return (
        select(*person.c)
        .join(account, account.c.person_id == person.c.id)
        .where(account.c.id == account_id)
    )


def _accounts() -> FromClause:
    account = Account.__table__.alias()
    names = ("id", "username", "kind", "person_id", "created_at", "disabled_at")
    return select(*(account.c[name] for name in names)).subquery()


def _filtered(person: FromClause, rows: Select[Any], filter: dict[str, Any] | None) -> Rows:
    """Apply a filter to people.

    Neither order nor filter reveals redacted data: a text finds only people whose data the caller
    sees.
    """
    text = (filter or {}).get("text")
    if text is not None:
        rows = rows.where(_known(person.c.id, person.c.path), _begins(person, text))
    return Rows((rows,), ("id",))
