"""The other federations of the demo, so that the nation has more than one sector union.

The federations' names are real; the units below them are numbered and marked as illustrative.
"""

from typing import NamedTuple

ROOT = ("TLD", "Tổng Liên đoàn Lao động Việt Nam")
SECTOR_UNION = ("TTTT", "Công đoàn Thông tin và Truyền thông Việt Nam")

SECTOR_BLOC = "KTD-NGANH-TW"
BLOCS = {
    SECTOR_BLOC: "Khối Thi đua Công đoàn ngành Trung ương",
    "KTD-TPTW": "Khối Thi đua các thành phố trực thuộc Trung ương",
    "KTD-TINH": "Khối Thi đua Liên đoàn Lao động các tỉnh",
    "KTD-TAPDOAN": "Khối Thi đua Công đoàn các Tập đoàn, Tổng công ty",
    "KTD-TTTT-DN": "Khối Thi đua các doanh nghiệp trực thuộc Công đoàn TT&TT Việt Nam",
    "KTD-TTTT-CQ": "Khối Thi đua các cơ quan, đơn vị sự nghiệp trực thuộc Công đoàn TT&TT Việt Nam",
}


class Federation(NamedTuple):
    """A federation beside `TTTT`; `size` is its weight in members, `uppers` its number of UPPER.

    `commended`: the Confederation awarded it after phase 1 (illustrative; from the report only that
    there were twelve beside TTTT, none of its bloc).
    """

    code: str
    name: str
    bloc: str
    business: bool
    size: int
    uppers: int
    commended: bool = False


def _province(
    code: str, name: str, size: int, *, city: bool = False, commended: bool = True
) -> Federation:
    bloc, kind = ("KTD-TPTW", "thành phố") if city else ("KTD-TINH", "tỉnh")
    return Federation(
        code, f"Liên đoàn Lao động {kind} {name}", bloc, business=True, size=size,
        uppers=3 if city else 2, commended=commended,
    )  # fmt: skip


def _sector(code: str, name: str, size: int, *, business: bool) -> Federation:
    return Federation(code, f"Công đoàn {name} Việt Nam", SECTOR_BLOC, business, size, uppers=2)


FEDERATIONS = (
    _province("HNI", "Hà Nội", 900, city=True),
    _province("HCM", "Hồ Chí Minh", 1100, city=True),
    _province("HPG", "Hải Phòng", 420, city=True),
    _province("DNG", "Đà Nẵng", 300, city=True),
    _province("CTO", "Cần Thơ", 160, city=True, commended=False),
    _province("BNH", "Bắc Ninh", 330),
    _province("QNH", "Quảng Ninh", 250),
    _province("THA", "Thanh Hóa", 280),
    _province("NAN", "Nghệ An", 200),
    _province("DNI", "Đồng Nai", 520),
    _province("BDG", "Bình Dương", 560),
    _province("TTH", "Thừa Thiên Huế", 120, commended=False),
    _province("LAN", "Long An", 260, commended=False),
    _sector("CTVN", "Công Thương", 240, business=True),
    _sector("GDVN", "Giáo dục", 210, business=False),
    _sector("YTVN", "Y tế", 180, business=False),
    _sector("XDVN", "Xây dựng", 170, business=True),
    _sector("GTVT", "Giao thông vận tải", 150, business=True),
    _sector("NNVN", "Nông nghiệp và Phát triển nông thôn", 130, business=False),
    Federation(
        "DLVN", "Công đoàn Điện lực Việt Nam", "KTD-TAPDOAN",
        business=True, size=340, uppers=2, commended=True,
    ),
    Federation(
        "DKVN", "Công đoàn Dầu khí Việt Nam", "KTD-TAPDOAN",
        business=True, size=300, uppers=2, commended=True,
    ),
    Federation(
        "TKV", "Công đoàn Than - Khoáng sản Việt Nam", "KTD-TAPDOAN",
        business=True, size=310, uppers=2, commended=False,
    ),
)  # fmt: skip
