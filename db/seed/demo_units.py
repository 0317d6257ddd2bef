"""The union tree of the demo: the Confederation, its federations and their subtrees."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random

from db.seed.federations import (
    BLOCS,
    FEDERATIONS,
    ROOT,
    SECTOR_BLOC,
    SECTOR_UNION,
    Federation,
)
from db.seed.rows import Bloc, Unit
from db.seed.sector_union import AFFILIATES, Affiliate
from db.seed.shares import apportion

_FOUNDED = date(2018, 9, 26)
_MEMBERS_PER_SIZE = 10


@dataclass
class Node:
    """A unit of the demo; `business` is true for a company, false for an agency.

    `members` counts the unit's subtree.
    """

    code: str
    name: str
    level: str
    business: bool
    members: int = 0
    bloc: str | None = None
    children: list["Node"] = field(default_factory=list)
    parent: "Node | None" = field(default=None, repr=False)
    id: int = 0

    @property
    def sector(self) -> str:
        """The sector of most of its people."""
        return "PRODUCTION" if self.business else "PUBLIC"

    @property
    def line(self) -> list["Node"]:
        """The unit and its ancestors, from itself up to the root."""
        return [self, *(self.parent.line if self.parent else ())]

    def subtree(self) -> Iterator["Node"]:
        """Yield the units of the subtree, parents first."""
        yield self
        for child in self.children:
            yield from child.subtree()

    def grassroots(self) -> list["Node"]:
        """Return the grassroots units of the subtree."""
        return [node for node in self.subtree() if node.level == "GRASSROOTS"]


def grow(chance: Random) -> Node:
    """Return the root of the tree, with ids assigned and members summed."""
    root = Node(*ROOT, level="CONFEDERATION", business=False)
    root.children = [_sector_union(chance), *(_federation(chance, plan) for plan in FEDERATIONS)]
    for identity, node in enumerate(root.subtree(), 1):
        node.id = identity
        for child in node.children:
            child.parent = node
    _sum_members(root)
    return root


def blocs() -> list[Bloc]:
    """Return the emulation blocs as rows."""
    return [Bloc(identity, code, name) for identity, (code, name) in enumerate(BLOCS.items(), 1)]


def rows(root: Node) -> list[Unit]:
    """Return the tree as rows, parents first."""
    bloc_ids = {bloc.code: bloc.id for bloc in blocs()}
    return [
        Unit(
            node.id,
            node.code,
            node.name,
            node.level,
            node.parent.id if node.parent else None,
            bloc_ids[node.bloc] if node.bloc else None,
            node.members,
            _FOUNDED,
        )
        for node in root.subtree()
    ]


def _sector_union(chance: Random) -> Node:
    code, name = SECTOR_UNION
    affiliates = [_affiliate(chance, plan) for plan in AFFILIATES]
    return Node(code, name, "FEDERATION", business=True, bloc=SECTOR_BLOC, children=affiliates)


def _affiliate(chance: Random, plan: Affiliate) -> Node:
    members = plan.size * _MEMBERS_PER_SIZE
    bloc = "KTD-TTTT-DN" if plan.business else "KTD-TTTT-CQ"
    if not plan.grassroots:
        return Node(plan.code, plan.name, "GRASSROOTS", plan.business, members, bloc)
    parts = apportion(members, [chance.uniform(0.4, 1.6) for _ in plan.grassroots])
    children = [
        Node(f"{plan.code}-{code}", name, "GRASSROOTS", plan.business, part)
        for (code, name), part in zip(plan.grassroots, parts, strict=True)
    ]
    return Node(plan.code, plan.name, "UPPER", plan.business, bloc=bloc, children=children)


def _federation(chance: Random, plan: Federation) -> Node:
    members = plan.size * _MEMBERS_PER_SIZE
    parts = apportion(members, [chance.uniform(0.5, 1.5) for _ in range(plan.uppers)])
    uppers = [_upper(chance, plan, n, part) for n, part in enumerate(parts, 1)]
    return Node(plan.code, plan.name, "FEDERATION", plan.business, bloc=plan.bloc, children=uppers)


def _upper(chance: Random, plan: Federation, number: int, members: int) -> Node:
    code = f"{plan.code}-{number}"
    parts = apportion(members, [chance.uniform(0.4, 1.6) for _ in range(chance.randint(3, 5))])
    children = [
        Node(
            f"{code}-{n:02}",
            f"Công đoàn cơ sở số {n} thuộc {code} (minh họa)",
            "GRASSROOTS",
            # Provinces have schools and hospitals besides their companies.
            business=plan.business and chance.random() < 0.8,  # noqa: PLR2004 - four in five
            members=part,
        )
        for n, part in enumerate(parts, 1)
    ]
    name = f"Công đoàn cấp trên trực tiếp cơ sở số {number} thuộc {plan.code} (minh họa)"
    return Node(code, name, "UPPER", plan.business, children=children)


def _sum_members(node: Node) -> int:
    if node.children:
        node.members = sum(_sum_members(child) for child in node.children)
    return node.members
