"""Changes of the tree of units."""

from collections.abc import Sequence

from tests.rollup.rows import Rows

LEVELS = ["CONFEDERATION", "FEDERATION", "UPPER", "GRASSROOTS"]


class Tree(Rows):
    """Changes of units."""

    def _plant(self, a: int, b: int, c: int, d: int) -> None:
        parent = self._one("unit", b, "level <> 'GRASSROOTS'")
        above = LEVELS.index(self._level_of(parent))
        level = LEVELS[above + 1 + a % (3 - above)]
        self._insert_units([(self._fresh(), level, parent)])

    def _plant_two(self, a: int, b: int, c: int, d: int) -> None:
        parent = self._one("unit", b, "level in ('CONFEDERATION', 'FEDERATION')")
        upper = self._fresh()
        self._insert_units([(upper, "UPPER", parent), (self._fresh(), "GRASSROOTS", upper)])

    def _uproot(self, a: int, b: int, c: int, d: int) -> None:
        unit = self._one("unit", a, "parent_id is not null")
        parent = self._parent_for(unit, b)
        self._run("update unit set parent_id = %s where id = %s", [parent, unit])

    def _uproot_two(self, a: int, b: int, c: int, d: int) -> None:
        """Move two units in one statement, perhaps one of them out of the other's subtree."""
        first = self._one("unit", a, "level = 'UPPER'")
        second = self._one("unit", c, "level = 'GRASSROOTS'")
        self._run(
            "update unit set parent_id = case id when %s then %s else %s end where id in (%s, %s)",
            [first, self._parent_for(first, b), self._parent_for(second, d), first, second],
        )

    def _close(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update unit set valid_to = case when valid_to is null then '2022-09-01'::date end "
            "where id %% 4 = %s",
            [a % 4],
        )

    def _level(self, a: int, b: int, c: int, d: int) -> None:
        """Set another level of a unit, below its parent's and above its children's."""
        unit = self._one("unit", a, "parent_id is not null")
        parent = self._value("select parent_id from unit where id = %s", [unit])
        below = [self._level_of(child) for child in self._ids("unit", f"parent_id = {unit}")]
        highest = LEVELS.index(self._level_of(parent)) + 1
        lowest = min([LEVELS.index(level) - 1 for level in below], default=len(LEVELS) - 1)
        level = LEVELS[highest + b % (lowest - highest + 1)]
        self._run("update unit set level = %s where id = %s", [level, unit])

    def _level_of(self, unit: int) -> str:
        return str(self._value("select level from unit where id = %s", [unit]))

    def _insert_units(self, units: Sequence[tuple[int, str, int]]) -> None:
        rows = ", ".join(["(%s, %s, 'x', %s, %s, '2022-01-01')"] * len(units))
        values = [v for i, level, above in units for v in (i, str(i), level, above)]
        self._run(
            f"insert into unit (id, code, name, level, parent_id, valid_from) values {rows}",
            values,
        )

    def _parent_for(self, unit: int, choice: int) -> int:
        above = LEVELS[: LEVELS.index(self._level_of(unit))]
        return self._one("unit", choice, f"level in ({', '.join(repr(name) for name in above)})")
