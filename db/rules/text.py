"""Text without diacritics: the same as `fold` in db/sql/text.sql."""

import re
import unicodedata

_MARKS = re.compile("[\u0300-\u036f]")
_LETTERS = str.maketrans(
    {"Đ": "d", "đ": "d"} | {chr(code): chr(code + 32) for code in range(65, 91)}
)


def fold(value: str) -> str:
    """Return `value` without combining marks, đ as d, A-Z lowercased; other letters unchanged."""
    return _MARKS.sub("", unicodedata.normalize("NFD", value)).translate(_LETTERS)
