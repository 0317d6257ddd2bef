"""The demo of PROGRAMME.md: queries return exactly its figures; the rest is illustrative."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from db.seed import demo_accounts, demo_campaign, demo_targets, demo_units
from db.seed.demo_accounts import ACCOUNTS, PASSWORD, DemoAccount
from db.seed.demo_awards import Award, commend
from db.seed.demo_campaign import TODAY
from db.seed.demo_initiatives import create
from db.seed.demo_quota import allot
from db.seed.rows import (
    Authorship,
    Bloc,
    DuplicateLink,
    Initiative,
    Person,
    Review,
    Target,
    TargetRevision,
    Unit,
    chance,
    continue_identities,
    copy,
)
from db.seed.unaudited import unaudited

__all__ = ["ACCOUNTS", "PASSWORD", "TODAY", "DemoAccount", "load"]

_SEED = 20221021

Load = tuple[str, tuple[str, ...], Sequence[tuple[Any, ...]]]
"""A table, its columns and its rows."""


def load(connection: Connection) -> None:
    """Load the demo into an empty migrated database, in one transaction, as the owner role.

    The data is always the same, except for the password's hash and the times that the database
    records. Raises psycopg's UniqueViolation if the demo is already loaded.
    """
    luck = chance(_SEED)
    root = demo_units.grow(luck)
    staff = demo_accounts.hire(luck, root)
    aims = demo_targets.aim(luck, root)
    works = create(luck, allot(luck, root, aims), staff)
    union = next(node for node in root.children if node.code == "TTTT")
    facts = {"initiatives": len(works.initiatives), "people": len(works.people)}
    with connection.transaction(), unaudited(connection, _AUDITED, "demo", facts):
        _load(
            connection,
            ("emulation_bloc", Bloc._fields, demo_units.blocs()),
            ("unit", Unit._fields, demo_units.rows(root)),
        )
        demo_campaign.declare(connection, root.id, union.id)
        _load(
            connection,
            ("person", Person._fields, works.people),
            ("account", demo_accounts.Account._fields, staff.accounts),
            ("role_grant", demo_accounts.Grant._fields, staff.grants),
            ("target", Target._fields, demo_targets.rows(aims)),
            (
                "target_revision",
                TargetRevision._fields,
                demo_targets.revisions(root, aims, staff),
            ),
            ("initiative", Initiative._fields, works.initiatives),
            ("authorship", Authorship._fields, works.authorships),
            ("review", Review._fields, works.reviews),
            ("duplicate_link", DuplicateLink._fields, works.duplicates),
            ("award", Award._fields, commend(luck, root, works)),
        )
        connection.execute("""
            update duplicate_link l set similarity = similarity(i.search, o.search)
            from initiative_search i, initiative_search o
            where i.initiative_id = l.initiative_id and o.initiative_id = l.original_id
        """)
        continue_identities(connection, _WITH_IDENTITY)
    # Statistics let the planner choose well from the first query on.
    connection.execute("analyze")


_AUDITED = (
    *("emulation_bloc", "unit", "campaign", "benefit_tier", "phase", "window_override", "drive"),
    *("person", "account", "role_grant", "target", "initiative", "authorship", "review"),
    *("duplicate_link", "award"),
)
_WITH_IDENTITY = (
    *("emulation_bloc", "unit", "campaign", "benefit_tier", "phase", "drive", "person", "account"),
    *("role_grant", "target_revision", "initiative", "review", "duplicate_link", "award"),
)


def _load(connection: Connection, *loads: Load) -> None:
    for table, columns, rows in loads:
        copy(connection, table, columns, rows)
