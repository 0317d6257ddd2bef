"""Synthetic people: random names and contacts that do not exist."""

from random import Random

from db.seed.rows import Person

# Names in the report that is the source of the programme; no synthetic person may have them.
NAMED = frozenset({"Trần Văn Thuật", "Chu Văn Bình"})

_FAMILY = (
    *("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô"),
    *("Dương", "Lý", "Đinh", "Lâm", "Mai", "Trịnh", "Đoàn", "Lương", "Tạ", "Cao", "Hà", "Kiều"),
)
_MIDDLE = (
    *("Thị", "Văn", "Đức", "Hữu", "Ngọc", "Thu", "Quang", "Thanh", "Minh", "Hoài", "Khánh", "Bảo"),
    *("Gia", "Xuân", "Kim", "Tuấn", "Diệu", "Thùy", "Anh", "Nhật", "Đình", "Công", "Hải", "Phương"),
)
_GIVEN = (
    *("An", "Bách", "Cẩm", "Châu", "Chi", "Cường", "Dung", "Dũng", "Duy", "Đạt", "Giang", "Hà"),
    *("Hạnh", "Hiền", "Hiếu", "Hoa", "Hòa", "Hùng", "Hương", "Khôi", "Lan", "Linh", "Loan", "Long"),
    *("Mạnh", "Mai", "My", "Nam", "Nga", "Nghĩa", "Nhung", "Oanh", "Phong", "Quân", "Quyên", "Sơn"),
    *("Tâm", "Thảo", "Thắng", "Thủy", "Tiến", "Toàn", "Trang", "Trung", "Tú", "Uyên", "Vân", "Yến"),
)


def person(chance: Random, identity: int, unit_id: int, sector: str) -> Person:
    """Return a synthetic member of a unit, recognisable as such by code, address and phone."""
    code = f"SYN-{identity:07d}"
    return Person(
        id=identity,
        code=code,
        name=_name(chance),
        unit_id=unit_id,
        sector=sector,
        email=f"{code.lower()}@example.com",
        phone=f"000 {identity:07d}",
    )


def _name(chance: Random) -> str:
    while True:
        name = " ".join(chance.choice(part) for part in (_FAMILY, _MIDDLE, _GIVEN))
        if name not in NAMED:
            return name
