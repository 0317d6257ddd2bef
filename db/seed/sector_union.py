"""The affiliates of the sector union `TTTT` and their grassroots units, by their public names.

The names are real. The parents of the units, and every number of the demo beneath the sector union
itself, are illustrative.
"""

from typing import NamedTuple

_PROVINCES = (
    ("HNI", "Hà Nội"),
    ("HCM", "TP. Hồ Chí Minh"),
    ("HPG", "Hải Phòng"),
    ("DNG", "Đà Nẵng"),
    ("CTO", "Cần Thơ"),
    ("QNH", "Quảng Ninh"),
    ("BNH", "Bắc Ninh"),
    ("HDG", "Hải Dương"),
    ("THA", "Thanh Hóa"),
    ("NAN", "Nghệ An"),
    ("TTH", "Thừa Thiên Huế"),
    ("KHA", "Khánh Hòa"),
    ("LDG", "Lâm Đồng"),
    ("DLK", "Đắk Lắk"),
    ("DNI", "Đồng Nai"),
    ("BDG", "Bình Dương"),
    ("AGG", "An Giang"),
    ("LAN", "Long An"),
)


class Affiliate(NamedTuple):
    """A direct child of the sector union; without `grassroots` it is a grassroots union itself.

    `size` is its weight in members; `business` is true for a company, false for an agency.
    """

    code: str
    name: str
    business: bool
    size: int
    grassroots: tuple[tuple[str, str], ...] = ()


def _in_provinces(name: str) -> tuple[tuple[str, str], ...]:
    return tuple((code, f"Công đoàn {name} {province}") for code, province in _PROVINCES)


AFFILIATES = (
    Affiliate(
        "VNPT",
        "Công đoàn Tập đoàn Bưu chính Viễn thông Việt Nam",
        business=True,
        size=3700,
        grassroots=(
            *_in_provinces("VNPT"),
            ("VNP", "Công đoàn Tổng công ty Dịch vụ Viễn thông (VNPT VinaPhone)"),
            ("MEDIA", "Công đoàn Tổng công ty Truyền thông (VNPT-Media)"),
            ("NET", "Công đoàn Tổng công ty Hạ tầng mạng (VNPT-Net)"),
            ("IT", "Công đoàn Công ty Công nghệ thông tin VNPT (VNPT IT)"),
            ("TECH", "Công đoàn Công ty VNPT Technology"),
            ("BVBD", "Công đoàn Bệnh viện Bưu điện"),
        ),
    ),
    Affiliate(
        "VNPOST",
        "Công đoàn Tổng công ty Bưu điện Việt Nam",
        business=True,
        size=3100,
        grassroots=(
            *_in_provinces("Bưu điện"),
            ("VCKV", "Công đoàn Công ty Vận chuyển và Kho vận Bưu điện"),
            ("PHBC", "Công đoàn Công ty Phát hành Báo chí Trung ương"),
        ),
    ),
    Affiliate(
        "MOBIFONE",
        "Công đoàn Tổng công ty Viễn thông MobiFone",
        business=True,
        size=900,
        grassroots=(
            *((f"KV{n}", f"Công đoàn Công ty Dịch vụ MobiFone Khu vực {n}") for n in range(1, 10)),
            ("MB", "Công đoàn Trung tâm Mạng lưới MobiFone miền Bắc"),
            ("MT", "Công đoàn Trung tâm Mạng lưới MobiFone miền Trung"),
            ("MN", "Công đoàn Trung tâm Mạng lưới MobiFone miền Nam"),
            ("CNTT", "Công đoàn Trung tâm Công nghệ thông tin MobiFone"),
        ),
    ),
    Affiliate(
        "VTC",
        "Công đoàn Tổng công ty Truyền thông đa phương tiện VTC",
        business=True,
        size=260,
        grassroots=(
            ("CNND", "Công đoàn Công ty VTC Công nghệ và Nội dung số"),
            ("THS", "Công đoàn Công ty VTC Dịch vụ truyền hình số"),
            ("VP", "Công đoàn Văn phòng Tổng công ty VTC"),
        ),
    ),
    Affiliate(
        "CQB",
        "Công đoàn cơ quan Bộ Thông tin và Truyền thông",
        business=False,
        size=190,
        grassroots=(
            ("VP", "Công đoàn Văn phòng Bộ"),
            ("VT", "Công đoàn Cục Viễn thông"),
            ("BC", "Công đoàn Cục Báo chí"),
            ("PTTH", "Công đoàn Cục Phát thanh, truyền hình và thông tin điện tử"),
            ("XBIPH", "Công đoàn Cục Xuất bản, In và Phát hành"),
            ("ATTT", "Công đoàn Cục An toàn thông tin"),
            ("TTDN", "Công đoàn Cục Thông tin đối ngoại"),
            ("TTCS", "Công đoàn Cục Thông tin cơ sở"),
            ("CDS", "Công đoàn Cục Chuyển đổi số quốc gia"),
            ("TTTT", "Công đoàn Trung tâm Thông tin"),
        ),
    ),
    Affiliate(
        "PTIT",
        "Công đoàn Học viện Công nghệ Bưu chính Viễn thông",
        business=False,
        size=130,
        grassroots=(
            ("HN", "Công đoàn Cơ sở đào tạo Hà Nội"),
            ("HCM", "Công đoàn Cơ sở đào tạo TP. Hồ Chí Minh"),
            ("KHKT", "Công đoàn Viện Khoa học Kỹ thuật Bưu điện"),
            ("KT", "Công đoàn Viện Kinh tế Bưu điện"),
        ),
    ),
    Affiliate(
        "TSVTD",
        "Công đoàn Cục Tần số vô tuyến điện",
        business=False,
        size=110,
        grassroots=tuple(
            (f"KV{n}", f"Công đoàn Trung tâm Tần số vô tuyến điện khu vực {numeral}")
            for n, numeral in enumerate(("I", "II", "III", "IV", "V", "VI", "VII", "VIII"), 1)
        ),
    ),
    Affiliate("VNNIC", "Công đoàn Trung tâm Internet Việt Nam", business=False, size=40),
    Affiliate("CPT", "Công đoàn Cục Bưu điện Trung ương", business=False, size=60),
    Affiliate("VNN", "Công đoàn Báo VietNamNet", business=False, size=45),
    Affiliate("TCTTTT", "Công đoàn Tạp chí Thông tin và Truyền thông", business=False, size=12),
    Affiliate("NXB", "Công đoàn Nhà xuất bản Thông tin và Truyền thông", business=False, size=16),
    Affiliate(
        "VCL", "Công đoàn Viện Chiến lược Thông tin và Truyền thông", business=False, size=14
    ),
    Affiliate(
        "TDT",
        "Công đoàn Trường Đào tạo, Bồi dưỡng cán bộ quản lý Thông tin và Truyền thông",
        business=False,
        size=10,
    ),
    Affiliate("VTF", "Công đoàn Quỹ Dịch vụ viễn thông công ích Việt Nam", business=False, size=8),
    Affiliate(
        "CTIN", "Công đoàn Công ty cổ phần Viễn thông - Tin học Bưu điện", business=True, size=55
    ),
    Affiliate("POSTEF", "Công đoàn Công ty cổ phần Thiết bị Bưu điện", business=True, size=50),
    Affiliate("INBD", "Công đoàn Công ty cổ phần In Bưu điện", business=True, size=22),
)
