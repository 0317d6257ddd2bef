"""Titles, summaries and contents of synthetic initiatives."""

from random import Random
from typing import NamedTuple

NOTE = "(dữ liệu minh họa)"
"""“Illustrative data”: at the end of every content, and of the demo's summaries."""

FIELDS = {
    "PRODUCTION": (
        *("Viễn thông", "Bưu chính", "Công nghệ thông tin", "Truyền hình", "An toàn lao động"),
        *("Kinh doanh", "Vận hành khai thác", "Năng lượng", "Cơ khí", "Kho vận"),
    ),
    "PUBLIC": (
        *("Cải cách hành chính", "Giáo dục và đào tạo", "Y tế", "Báo chí", "Quản lý nhà nước"),
        *("Tài chính", "Nghiên cứu khoa học", "An toàn thông tin", "Công tác xã hội", "Lưu trữ"),
    ),
}

_ACTIONS = {
    "TECHNICAL": (
        "Cải tiến",
        "Chế tạo bộ gá cho",
        "Thiết kế lại",
        "Nâng cấp",
        "Tự chế thiết bị đo",
    ),
    "MANAGEMENT": ("Đổi mới cách quản lý", "Chuẩn hóa", "Lập bản đồ rủi ro cho", "Phân cấp"),
    "OPERATIONAL": ("Sắp xếp lại", "Rút gọn các bước của", "Tối ưu ca trực cho", "Tổ chức lại"),
    "APPLIED_TECHNOLOGY": ("Số hóa", "Ứng dụng học máy cho", "Tự động hóa", "Xây dựng phần mềm"),
    "RESEARCH": ("Nghiên cứu mô hình", "Thử nghiệm phương pháp mới cho", "Đánh giá và đề xuất"),
}
_OBJECTS = {
    "PRODUCTION": (
        *("tuyến cáp quang truy nhập", "trạm thu phát sóng", "hệ thống nguồn dự phòng"),
        *("dây chuyền chia chọn bưu gửi", "khai thác túi gói", "hệ thống tính cước", "kho vật tư"),
        *("tổng đài chăm sóc khách hàng", "máy nổ lưu động", "tủ phối quang", "mạng truyền dẫn"),
        *("xe giao nhận", "điểm giao dịch", "trường quay ảo", "thiết bị đầu cuối thu hồi"),
        *(
            "điều hòa phòng máy",
            "đối soát doanh thu",
            "lắp đặt thuê bao",
            "cột treo cáp",
            "băng tải",
        ),
        *(
            "giám sát chất lượng mạng",
            "hợp đồng điện tử",
            "lịch bảo dưỡng",
            "suất ăn ca",
            "khuôn dập",
        ),
        *(
            "dây chuyền may",
            "lò hơi",
            "máy đóng gói",
            "trạm biến áp",
            "bãi xếp hàng",
            "nước làm mát",
        ),
    ),
    "PUBLIC": (
        *("tiếp nhận hồ sơ trực tuyến", "cấp phép tần số", "bài giảng trực tuyến", "thư viện số"),
        *("lịch họp không giấy", "sổ khám bệnh", "ngân hàng câu hỏi", "tòa soạn hội tụ", "văn thư"),
        *("giám sát mã độc", "báo cáo thống kê", "chấm điểm thi đua", "hộp thư góp ý", "phòng đọc"),
        *(
            "quản lý tên miền",
            "lưu trữ tài liệu",
            "tập huấn cán bộ",
            "chi trả chế độ",
            "tài sản công",
        ),
        *("thẩm định bản thảo", "đo kiểm phát xạ", "phòng thí nghiệm", "công tác tuyển sinh"),
        *("hòm phiếu điện tử", "tra cứu pháp luật", "kiểm định thiết bị", "phân luồng bệnh nhân"),
    ),
}
_MEANS = (
    *("bằng mã QR", "bằng bảng điều khiển chung", "bằng cảm biến giá rẻ", "theo phương pháp 5S"),
    *(
        "bằng vật liệu tái sử dụng",
        "trên nền tảng mã nguồn mở",
        "bằng trợ lý ảo",
        "theo mô hình Kaizen",
    ),
    *("qua điện thoại di động", "bằng bản đồ số", "bằng biểu mẫu điện tử", "theo ca luân phiên"),
    *("bằng tủ điều khiển tự chế", "bằng nhật ký điện tử", "với camera có sẵn", "bằng chữ ký số"),
    *(
        "theo nhóm ba người",
        "bằng giá đỡ tháo lắp nhanh",
        "bằng thuật toán xếp lịch",
        "qua họp trực tuyến",
    ),
)
_SETTINGS = (
    *(
        "trong thời gian giãn cách",
        "ở vùng sâu, vùng xa",
        "cho khách hàng doanh nghiệp",
        "mùa mưa bão",
    ),
    *("khi thiếu nhân lực", "trong giờ cao điểm", "cho ca đêm", "tại điểm tiếp dân", "dịp Tết"),
    *("sau khi sáp nhập tổ", "cho lao động mới", "tại khu cách ly", "phục vụ làm việc từ xa"),
    *(
        "khi mất điện lưới",
        "ở khu công nghiệp",
        "cho người cao tuổi",
        "tại chi nhánh",
        "giữa hai kỳ kiểm tra",
    ),
)
_EFFECTS = (
    *(
        "giảm một nửa thời gian xử lý",
        "tiết kiệm điện năng",
        "không phải thuê ngoài",
        "giảm sai sót",
    ),
    *("giảm số lần đi lại", "tăng năng suất tổ", "rút ngắn thời gian chờ", "giảm hàng tồn"),
    *(
        "bớt tiếp xúc trực tiếp",
        "tận dụng thiết bị cũ",
        "tăng tỷ lệ hài lòng",
        "an toàn hơn khi làm việc",
    ),
    *(
        "giảm giấy in",
        "giữ được khách hàng",
        "kéo dài tuổi thọ máy",
        "giảm tiếng ồn",
        "bớt làm thêm giờ",
    ),
)
_TRIALS = (
    "một tổ",
    "hai tổ sản xuất",
    "một phòng",
    "ba điểm giao dịch",
    "toàn đơn vị",
    "một ca trực",
)
_NEXT = (
    *(
        "Có thể nhân rộng trong toàn ngành mà không cần đầu tư thêm.",
        "Đã hướng dẫn cho đơn vị bạn.",
    ),
    *(
        "Tài liệu hướng dẫn gồm bốn trang, kèm ảnh chụp.",
        "Cần thêm một người theo dõi trong quý đầu.",
    ),
    *("Đề nghị đưa vào quy trình chung của đơn vị.", "Sẽ bổ sung phần đo đếm tự động ở lần sau."),
)

_PLACES = (
    *("Ao Sen", "Bãi Dâu", "Cầu Khoai", "Dốc Vải", "Đầm Quạ", "Ghềnh Xoan", "Hồ Kẽm", "Khe Rạn"),
    *("Lạch Sú", "Mỏ Cày", "Ngã Bảy", "Phố Ốc", "Quán Gỏi", "Rạch Bứa", "Suối Phèn", "Tháp Chuông"),
    *("Ụ Thép", "Vịnh Xép", "Xóm Mắm", "Yên Ngựa", "Gò Quéo", "Bến Nứa", "Chợ Rươi", "Đồi Chè"),
)
_LETTERS = "BCDFGHJKLMPQRSVWXZ"

# Summaries differ in structure as well as in words: with one common sentence each would be a
# possible duplicate of every other.
_FINDINGS = (
    "{effect}, hoàn vốn sau {n} tháng",
    "Từ {n} phút còn {m} phút mỗi lượt; {effect}",
    "Mỗi quý bớt {n} giờ công, {effect} và {also}",
    "Lỗi giảm {n}% so với năm trước",
    "{n} đồng nghiệp đang dùng; {also}",
    "Chi phí ban đầu {n} triệu đồng, chủ yếu là vật tư thanh lý",
    "Bỏ được {m} loại biểu mẫu, {effect}",
    "Ai cũng tự làm được sau buổi hướng dẫn dài {n} phút",
    "Sự cố lặp lại từ {n} xuống {m} lần trong năm; {also}",
    "{also} nhờ kiểm tra chéo giữa {m} bộ phận",
    "Khách chờ ít hơn {n} phút, điểm hài lòng thêm {m}%",
    "Gọn một nửa diện tích, {effect}",
)


class Text(NamedTuple):
    """The text of an initiative."""

    title: str
    summary: str
    content: str
    field: str


def write(chance: Random, solution_type: str, sector: str) -> Text:
    """Return the text of a fictitious initiative of a type and sector, in Vietnamese."""
    pick = chance.choice
    action, thing = pick(_ACTIONS[solution_type]), pick(_OBJECTS[sector])
    means, setting = pick(_MEANS), pick(_SETTINGS)
    effect, also = pick(_EFFECTS), pick(_EFFECTS)
    months = chance.randint(1, 9)
    return Text(
        title=f"{action} {thing} {means} {setting}",
        summary=f"{_finding(chance, effect, also)}; cụm {pick(_PLACES)} {_mark(chance)}.",
        content=(
            f"Thực trạng: {thing} {setting} còn mất nhiều thời gian và dễ sai sót. "
            f"Giải pháp: {action.lower()} {thing} {means}; người lao động tự làm, dùng thiết bị "
            f"sẵn có của đơn vị. Áp dụng thử tại {pick(_TRIALS)} trong {months} tháng, có ghi chép "
            f"hằng ngày và so sánh với cùng kỳ năm trước. Kết quả: {effect}; ngoài ra {also}. "
            f"{pick(_NEXT)} {NOTE}"
        ),
        field=pick(FIELDS[sector]),
    )


def _mark(chance: Random) -> str:
    """Return a mark, such as that of a machine or a line."""
    letters = "".join(chance.choices(_LETTERS, k=3))
    return f"{letters}{chance.randint(100, 9999)}"


def _finding(chance: Random, effect: str, also: str) -> str:
    m = chance.randint(2, 9)
    text = chance.choice(_FINDINGS).format(
        effect=effect, also=also, m=m, n=m + chance.randint(3, 50)
    )
    return text[0].upper() + text[1:]
