"""The accounts of the demo, and officers who decide for the other units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import NamedTuple

from argon2 import PasswordHasher

from db.seed.demo_units import Node
from db.seed.people import person
from db.seed.rows import Person

PASSWORD = "demo"  # noqa: S105 - the demo's password is meant to be known
_GRANTED = date(2022, 1, 1)


@dataclass(frozen=True)
class DemoAccount:
    """An account to sign in with; `unit` is the code of the unit of its role grant."""

    username: str
    role: str | None = None
    unit: str | None = None
    is_person: bool = True

    @property
    def description(self) -> str:
        """The account's role and unit, for the sign-in page."""
        return f"{self.role} at {self.unit}" if self.role else "no grants"


ACCOUNTS = (
    DemoAccount("confed-admin", "ADMIN", "TLD"),
    DemoAccount("tttt-admin", "ADMIN", "TTTT"),
    DemoAccount("upper-officer", "OFFICER", "VNPT"),
    DemoAccount("unit-officer", "OFFICER", "VNPT-HNI"),
    DemoAccount("council", "COUNCIL", "TTTT"),
    DemoAccount("support", "SUPPORT", "VNPT-HNI"),
    DemoAccount("member", "MEMBER", "VNPT-HNI"),
    DemoAccount("auditor", "AUDITOR", "TLD", is_person=False),
    DemoAccount("tttt-auditor", "AUDITOR", "TTTT", is_person=False),
    DemoAccount("nobody", is_person=False),
)
"""All sign in with the password `demo`; they have the first ids, in this order."""

# Who decides, awards and sets targets for these units; for the others it is the unit's officer.
_DECIDING = {
    "TLD": "confed-admin",
    "TTTT": "council",
    "VNPT": "upper-officer",
    "VNPT-HNI": "unit-officer",
}


class Account(NamedTuple):
    """A row of `account`."""

    id: int
    username: str
    kind: str
    person_id: int | None
    password_hash: str | None


class Grant(NamedTuple):
    """A row of `role_grant`."""

    id: int
    account_id: int
    role: str
    unit_id: int
    valid_from: date
    granted_by_id: int | None


@dataclass(frozen=True)
class Staff:
    """All accounts, their people, and the id of the deciding account by the id of its unit."""

    accounts: list[Account]
    grants: list[Grant]
    people: list[Person]
    deciding: Mapping[int, int]
    member: int
    """The id of the person of the account `member`."""

    def account(self, username: str) -> Account:
        """Return the account with this username."""
        return next(account for account in self.accounts if account.username == username)


def hire(chance: Random, root: Node) -> Staff:
    """Return the demo's accounts, and an officer without a password for every other unit."""
    nodes = {node.code: node for node in root.subtree()}
    officers = [
        DemoAccount(f"officer-{code.lower()}", "OFFICER", code)
        for code in nodes
        if code not in _DECIDING
    ]
    plans = (*ACCOUNTS, *officers)
    behind = [plan for plan in plans if plan.is_person and plan.unit]
    people = {
        plan.username: person(chance, identity, nodes[plan.unit].id, nodes[plan.unit].sector)
        for identity, plan in enumerate(behind, 1)
        if plan.unit
    }
    ids = {plan.username: identity for identity, plan in enumerate(plans, 1)}
    return Staff(
        accounts=_accounts(plans, people),
        grants=_grants(plans, nodes),
        people=[*people.values()],
        deciding={
            node.id: ids[_DECIDING.get(code, f"officer-{code.lower()}")]
            for code, node in nodes.items()
        },
        member=people["member"].id,
    )


def _accounts(plans: Sequence[DemoAccount], people: Mapping[str, Person]) -> list[Account]:
    password_hash = PasswordHasher().hash(PASSWORD)
    return [
        Account(
            identity,
            plan.username,
            "PERSON",
            people[plan.username].id if plan.username in people else None,
            password_hash if plan in ACCOUNTS else None,
        )
        for identity, plan in enumerate(plans, 1)
    ]


def _grants(plans: Sequence[DemoAccount], nodes: Mapping[str, Node]) -> list[Grant]:
    """Return a role grant for each account that has a role; the first account gave all others."""
    grants: list[Grant] = []
    for identity, plan in enumerate(plans, 1):
        if plan.role and plan.unit:
            giver = 1 if identity > 1 else None
            unit_id = nodes[plan.unit].id
            grants.append(Grant(len(grants) + 1, identity, plan.role, unit_id, _GRANTED, giver))
    return grants
