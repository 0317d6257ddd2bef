"""The campaign of the demo, its phases, tiers and drive. Source: PROGRAMME.md, "Figures"."""

from datetime import date
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.types.json import Jsonb

from db.seed.rows import copy

CAMPAIGN = 1
TODAY = date(2022, 10, 21)
"""The day of the report: nothing in the demo is later."""

APPLIED_FROM, APPLIED_TO = date(2021, 9, 1), date(2023, 9, 1)
RUBRIC = {"Tính mới": 30, "Hiệu quả": 40, "Khả năng áp dụng": 30}

_TITLE = "01 triệu sáng kiến – nỗ lực vượt khó, sáng tạo, quyết tâm chiến thắng đại dịch Covid-19"


class Campaign(NamedTuple):
    """A row of `campaign`."""

    id: int
    code: str
    title: str
    owner_id: int
    counts_from: str
    confirming_level: str
    applied_from: date
    applied_to: date
    rubric: Jsonb


class Tier(NamedTuple):
    """A row of `benefit_tier`; amounts in VND."""

    id: int
    campaign_id: int
    ordinal: int
    label: str
    from_vnd: int
    to_vnd: int | None


class Phase(NamedTuple):
    """A row of `phase`; its id is its ordinal."""

    id: int
    campaign_id: int
    ordinal: int
    title: str
    opens_on: date
    closes_on: date
    floor: int
    audience: str | None
    occasions: list[str]

    def days_by(self, day: date) -> int:
        """Return the number of its days up to and including a day."""
        return (min(self.closes_on, day) - self.opens_on).days + 1


class Drive(NamedTuple):
    """A row of `drive`."""

    id: int
    phase_id: int
    unit_id: int
    title: str
    opens_on: date
    closes_on: date


TIERS = (
    Tier(1, CAMPAIGN, 1, "trên 5 tỷ đồng", 5_000_000_001, None),
    Tier(2, CAMPAIGN, 2, "20 đến 100 tỷ đồng", 20_000_000_000, 100_000_000_000),
)
_ANNIVERSARY = (
    "75 năm Ngày Chủ tịch Hồ Chí Minh ra Lời kêu gọi thi đua ái quốc (11/06/1948 - 11/06/2023)"
)
PHASES = (
    Phase(
        1,
        CAMPAIGN,
        1,
        "Giai đoạn 1",
        date(2022, 2, 1),
        date(2022, 5, 31),
        1,
        None,
        ["Tháng Công nhân năm 2022"],
    ),
    Phase(
        2,
        CAMPAIGN,
        2,
        "Giai đoạn 2",
        date(2022, 6, 1),
        date(2023, 9, 30),
        2,
        "Đoàn viên, công nhân lao động trong khu vực sản xuất, kinh doanh",
        [
            _ANNIVERSARY,
            "Đại hội lần thứ XIII Công đoàn Việt Nam",
            "Đại hội XVI Công đoàn Thông tin và Truyền thông Việt Nam",
        ],
    ),
)
_DRIVE = "Tháng cao điểm thi đua phấn đấu hoàn thành chỉ tiêu sáng kiến giai đoạn 1"


def declare(connection: Connection, owner_id: int, sector_union_id: int) -> None:
    """Write the campaign, with the dates of the sector union that the report gives."""
    campaign = Campaign(
        CAMPAIGN,
        "1TRSK",
        _TITLE,
        owner_id,
        "RECOGNISED",
        "FEDERATION",
        APPLIED_FROM,
        APPLIED_TO,
        Jsonb(RUBRIC),
    )
    drive = Drive(1, PHASES[0].id, sector_union_id, _DRIVE, date(2022, 5, 1), date(2022, 5, 31))
    tables: tuple[tuple[str, tuple[str, ...], list[tuple[Any, ...]]], ...] = (
        ("campaign", Campaign._fields, [campaign]),
        ("benefit_tier", Tier._fields, [*TIERS]),
        ("phase", Phase._fields, [*PHASES]),
        ("drive", Drive._fields, [drive]),
    )
    for table, columns, rows in tables:
        copy(connection, table, columns, rows)
