"""Error messages in Vietnamese and English.

Messages are identified by code; a name in braces is one of the error's facts. Dates are formatted
by language. This file contains the codes that every mutation may return; the codes of a noun are in
the file of its mutations.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

Locale = Literal["vi", "en"]
_QUALITY = re.compile(r"q=([01](?:\.[0-9]{0,3})?)", re.IGNORECASE)

_TEXTS: dict[str, tuple[str, str]] = {
    # authorisation
    "NOT_FOUND": (
        "Không tìm thấy: {key}.",
        "There is none, or none that you may see: {key}.",
    ),
    "FORBIDDEN": (
        "Bạn không có quyền làm việc này ở đây.",
        "You do not have the permission that this takes here.",
    ),
    "SIGN_IN": ("Hãy đăng nhập trước.", "Sign in first."),
    "AUDITOR": (
        "Kiểm tra viên chỉ được đọc.",
        "An auditor only reads.",
    ),
    "READ_ONLY": ("Mã truy cập này chỉ được đọc.", "This access token only reads."),
    # concurrency
    "STALE": (
        "Đã có người khác sửa; phiên bản hiện tại là {version}.",
        "Somebody else has changed it; it is at version {version}.",
    ),
    "DECIDED": (
        "Hồ sơ không còn chờ quyết định này; trạng thái hiện tại là {state}.",
        "It no longer awaits this decision; it is {state} now.",
    ),
    "OVERTAKEN": (
        "Đã có người khác thay đổi trong lúc này; hãy tải lại rồi thử lại.",
        "Somebody else has changed it meanwhile; load it again and retry.",
    ),
    "TAKEN": ("Giá trị này đã được dùng.", "This is in use already."),
    "ALREADY_REVOKED": ("Đã được thu hồi từ trước.", "It was revoked already."),
    "KEY_REUSED": (
        "Khóa chống gửi lặp này đã dùng cho một yêu cầu khác.",
        "This idempotency key was used for another request.",
    ),
    # validation
    "INVALID_INPUT": ("Dữ liệu nhập chưa hợp lệ.", "The input is not valid."),
    "BLANK": ("Không được để trống.", "It must not be blank."),
    "UNSAID": (
        "Phải nêu rõ; giá trị null nghĩa là không có.",
        "It must be said; null stands for none.",
    ),
    "TOO_LONG": ("Dài quá {limit} ký tự.", "It is longer than {limit} characters."),
    "TOO_SMALL": ("Phải từ {limit} trở lên.", "It must be at least {limit}."),
    "TOO_LARGE": ("Không được quá {limit}.", "It must be at most {limit}."),
    "TOO_MANY": ("Không được quá {limit} mục.", "There must be at most {limit}."),
    "TOO_FEW": ("Phải có ít nhất {limit} mục.", "There must be at least {limit}."),
    "CONTROL_CHARACTER": (
        "Có ký tự điều khiển không được phép.",
        "It holds a control character, which is not allowed.",
    ),
    "NOT_A_CODE": (
        "Mã chỉ gồm chữ cái A-Z, chữ số, dấu chấm, gạch ngang và gạch dưới.",
        "A code is made of the letters A-Z, digits, dots, hyphens and underscores.",
    ),
    "REPEATED": ("Bị lặp trong danh sách.", "It is in the list twice."),
    "DATES_REVERSED": (
        "Ngày kết thúc trước ngày bắt đầu.",
        "The last day is before the first.",
    ),
    "STILL_AHEAD": ("Ngày này còn ở phía trước.", "This day is still ahead."),
    "OVER": ("Ngày này đã qua.", "This day is over."),
    "SHARES_NOT_100": (
        "Tổng tỷ lệ đóng góp phải bằng 100 %.",
        "The shares must sum to 100 %.",
    ),
    "NO_SUCH_PERSON": (
        "Không có đoàn viên mang mã này.",
        "There is no member with this code.",
    ),
    "REASON_NEEDED": ("Cần nêu lý do.", "It takes a reason."),
    "UNKNOWN_ID": ("Mã định danh không đúng.", "This is not such an id."),
}


def says(texts: Mapping[str, tuple[str, str]]) -> None:
    """Register the messages of a noun by code; raise ValueError for a second text of a code."""
    for code, text in texts.items():
        if _TEXTS.setdefault(code, text) != text:
            raise ValueError(f"{code} has two texts")


def message(code: str, locale: Locale, facts: Mapping[str, Any]) -> str:
    """Return the message of a code, with the facts filled in."""
    vietnamese, english = _TEXTS[code]
    shown = {name: _written(value, locale) for name, value in facts.items()}
    return (vietnamese if locale == "vi" else english).format_map(shown)


def preferred(accept_language: str | None) -> Locale:
    """Return the language that an Accept-Language header prefers; English without one."""
    best: tuple[float, Locale] = (0.0, "en")
    for part in (accept_language or "").split(","):
        tag, _, parameter = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if language in ("vi", "en") and weight > best[0]:
            best = (weight, "vi" if language == "vi" else "en")
    return best[1]


def _weight(parameter: str) -> float:
    """Return the weight of a `q` parameter; 1 where it is not valid by RFC 9110."""
    found = _QUALITY.fullmatch(parameter.strip())
    return float(found[1]) if found else 1.0


def _written(value: Any, locale: Locale) -> str:
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y") if locale == "vi" else value.isoformat()
    return str(value)
