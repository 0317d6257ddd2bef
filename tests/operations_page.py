"""The blocks of docs/operations.md that tests run."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

PAGE = Path(__file__).parents[1] / "docs" / "operations.md"
_BLOCK = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TODAY = date(2027, 3, 15)  # a day of the first phase that the page opens


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the rest of the opening line, and its text."""

    language: str
    about: str
    text: str


def sections() -> dict[str, str]:
    """Return the page's sections by heading, in order."""
    parts = re.split(r"^## (.+)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks(*names: str) -> list[Block]:
    """Return the blocks of these sections, or of all without names, in the page's order."""
    return [
        Block(language, about, text)
        for name, section in sections().items()
        if not names or name in names
        for language, about, text in _BLOCK.findall(section)
    ]


def at_present(text: str) -> str:
    """Return a document of the page with its dates moved so that today is within its phases."""
    today = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date()
    text = re.sub(r"-2027-(\d{5})", rf"-{today.year}-\1", text)  # numbers of initiatives
    return re.sub(
        r"\b20\d\d-\d\d-\d\d\b",
        lambda day: str(date.fromisoformat(day[0]) + (today - _TODAY)),
        text,
    )
