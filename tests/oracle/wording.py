"""Texts that break careless code, each with a unique marker."""

import random
import re
from collections.abc import Callable

MARKER = re.compile(r"mk[0-9]{5}z")
_PHRASES = (
    "Cải tiến máy hàn cáp quang",
    "Cải tiến quy trình giao nhận bưu phẩm",
    "Giảm thất thoát điện năng trạm BTS",
    "CẢI TIẾN MÁY HÀN CÁP QUANG",
    "Số hoá hồ sơ lưu trữ",
    "Đổi mới sáng tạo",
)
_NASTY = (
    "",
    "Đường Đặng",
    'it\'s "quoted"',
    "back\\slash \\n \\u0041",
    "hai\ndòng\tvà tab",
    "</script><script>alert(1)</script>",
    "🚲👩‍🔧 xe đạp",
    "100% _gạch_ dưới",
    "'; drop table unit; --",
    "$1 %(name)s {0} :bind ::text",
    "Tie\u0302\u0301ng Vie\u0323\u0302t",
    "\u2028dòng\u00a0mới\u0001",
    "ĐÀ NẴNG Straße ΣΟΦΙΑ",
)
_LONG = "rất dài " * 600


class Wording:
    """Writes texts, and records the row and column of each marker."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.owners: dict[str, tuple[str, object, str]] = {}

    def marker(self, table: str, key: object, column: str) -> str:
        """Return a new marker for a cell."""
        marker = f"mk{len(self.owners):05}z"
        self.owners[marker] = (table, key, column)
        return marker

    def text(self, table: str, key: object, column: str) -> str:
        """Return a text with its marker among unusual characters."""
        marker = self.marker(table, key, column)
        before, after = self._rng.choice(_PHRASES), self._rng.choice(_NASTY)
        if self._rng.random() < 0.02:
            after = _LONG
        return f"{before} {marker} {after}" if self._rng.random() < 0.7 else f"{after}{marker}"

    def plain(self, table: str, key: object, column: str) -> str:
        """Return a short plain text, such as a name that masking shortens."""
        name = self._rng.choice(("Nguyễn Văn", "Đỗ", "H'Hen", "Trần thị Ánh"))
        return f"{name} {self.marker(table, key, column)}"

    def code(self, table: str, key: object, column: str) -> str:
        """Return a short code; the first letters decide its place in an order."""
        start = self._rng.choice("aBÉđZ_01\"'\\")
        return f"{start}{self.marker(table, key, column)}"

    def maybe(
        self, write: Callable[[str, object, str], str], table: str, key: object, column: str
    ) -> str | None:
        """Return a text, or sometimes none."""
        return write(table, key, column) if self._rng.random() < 0.7 else None
