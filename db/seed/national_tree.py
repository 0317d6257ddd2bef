"""A synthetic union tree of any size, with the plan for every unit."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from db.seed.shares import apportion

# The real size. Source: PROGRAMME.md, "Figures".
FULL_SIZE = 127_584
_FEDERATIONS = 83
_UPPERS = 1500

SMALLEST = 4
"""One unit of each level."""

# The percentage of grassroots unions directly below a federation, without an upper-level union.
_DIRECT = 3

# Large grassroots unions: one in so many has a number of initiatives in this range, where there are
# enough initiatives at all.
_ONE_LARGE_IN = 400
_FEWEST_LARGE = 8
_LARGE = (60, 300)

# The largest weight of an ordinary grassroots union; the smallest is 1.
_LARGEST = 300


@dataclass(slots=True)
class Unit:
    """A unit; members, initiatives and grassroots unions are those of its whole subtree."""

    id: int
    code: str
    name: str
    level: str
    parent: "Unit | None"
    path: str
    business: bool
    members: int = 0
    initiatives: int = 0
    grassroots: int = 0
    targets: list[int] = field(default_factory=lambda: [0, 0])
    first_person: int = 0

    @property
    def people(self) -> int:
        """The number of authors of a grassroots union: one for every three initiatives."""
        return -(-self.initiatives // 3) if self.level == "GRASSROOTS" else 0

    @property
    def sector(self) -> str:
        """The sector of its people."""
        return "PRODUCTION" if self.business else "PUBLIC"

    def above(self, level: str) -> "Unit | None":
        """Return the unit itself or its ancestor of a level, if there is one."""
        unit: Unit | None = self
        while unit is not None and unit.level != level:
            unit = unit.parent
        return unit


def sizes(units: int) -> tuple[int, int, int]:
    """Return the numbers of federations, upper-level and grassroots unions of a tree of a size.

    A smaller tree has fewer units at every level, but the higher the level, the slower the decline.
    """
    if units < SMALLEST:
        raise ValueError(f"a tree has at least {SMALLEST} units, one of each level: {units}")
    scale = units / FULL_SIZE
    federations = max(1, round(_FEDERATIONS * scale**0.5))
    uppers = max(federations, round(_UPPERS * scale**0.75))
    if 1 + federations + uppers >= units:
        federations = uppers = 1
    return federations, uppers, units - 1 - federations - uppers


def plant(chance: Random, units: int, initiatives: int) -> list[Unit]:
    """Return the units of a tree in the order of their ids, parents first."""
    federations, uppers, grassroots = sizes(units)
    root = Unit(1, "TLD", "Tổng Liên đoàn Lao động Việt Nam", "CONFEDERATION", None, "1", False)  # noqa: FBT003 - business
    tree = [root]
    tops = [_add(tree, root, "FEDERATION", chance.random() < 0.75) for _ in range(federations)]  # noqa: PLR2004 - three in four
    # Every federation has an upper-level union, and each of those a grassroots union.
    parents = tops + _drawn(chance, tops, uppers - federations)
    middle = [_add(tree, above, "UPPER", above.business) for above in parents]
    direct = grassroots * _DIRECT // 100
    parents = (
        middle[:grassroots]
        + _drawn(chance, middle, grassroots - direct - len(middle))
        + _drawn(chance, tops, min(direct, grassroots - len(middle)))
    )
    parents.sort(key=lambda unit: unit.id)
    leaves = [_add(tree, above, "GRASSROOTS", chance.random() < 0.7) for above in parents]  # noqa: PLR2004 - seven in ten
    _settle(chance, leaves, initiatives)
    return tree


def _add(tree: list[Unit], parent: Unit, level: str, business: bool) -> Unit:  # noqa: FBT001 - named below
    identity = len(tree) + 1
    letter, kind = {
        "FEDERATION": ("F", "Liên đoàn"),
        "UPPER": ("U", "Công đoàn cấp trên trực tiếp cơ sở"),
        "GRASSROOTS": ("C", "Công đoàn cơ sở"),
    }[level]
    unit = Unit(
        id=identity,
        code=f"{letter}{identity:06}",
        name=f"{kind} số {identity} (minh họa)",
        level=level,
        parent=parent,
        path=f"{parent.path}.{identity}",
        business=business,
    )
    tree.append(unit)
    return unit


def _drawn(chance: Random, units: list[Unit], count: int) -> list[Unit]:
    """Draw parents, some much more often than others."""
    if count <= 0:
        return []
    return chance.choices(units, [chance.paretovariate(1.5) for _ in units], k=count)


def _settle(chance: Random, leaves: list[Unit], initiatives: int) -> None:
    """Set members, initiatives and targets of grassroots unions, and add them to the ancestors."""
    person = 1
    for unit, count in zip(leaves, _spread(chance, len(leaves), initiatives), strict=True):
        unit.first_person = person
        unit.initiatives = count
        person += unit.people
        members = max(10, unit.people, int(20 * chance.paretovariate(1.3)))
        targets = [max(floor, round(count * chance.uniform(0.3, 0.7))) for floor in (1, 2)]
        above: Unit | None = unit
        while above is not None:
            above.members += members
            above.grassroots += 1
            above.initiatives += count if above is not unit else 0
            above.targets = [own + part for own, part in zip(above.targets, targets, strict=True)]
            above = above.parent


def _spread(chance: Random, units: int, initiatives: int) -> list[int]:
    """Return numbers that sum to `initiatives`: a few large ones, most small."""
    wanted = max(_FEWEST_LARGE, units // _ONE_LARGE_IN)
    large = min(wanted, units, initiatives // (4 * _LARGE[1]))
    counts = [0] * units
    for place in chance.sample(range(units), large):
        counts[place] = chance.randint(*_LARGE)
    weights = [min(chance.paretovariate(1.2), _LARGEST) for _ in range(units)]
    rest = apportion(initiatives - sum(counts), weights)
    return [own + part for own, part in zip(counts, rest, strict=True)]


def grassroots(tree: list[Unit]) -> Iterator[Unit]:
    """Yield the grassroots unions of a tree."""
    return (unit for unit in tree if unit.level == "GRASSROOTS")
