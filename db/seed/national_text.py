"""Titles, summaries and contents of a synthetic nation's initiatives.

The demo's texts (db/seed/text.py) are few and meant for reading. These are millions, for
benchmarks of the search for duplicates, so they are composed of parts: thousands of objects by
hundreds of means, at tens of thousands of places, with distinct marks.
"""

from collections.abc import Sequence
from itertools import permutations, product
from random import Random
from typing import TypeVar

from db.seed.text import FIELDS, NOTE, Text

T = TypeVar("T")


def _words(text: str) -> tuple[str, ...]:
    """Return the parts between slashes."""
    return tuple(" ".join(text.split()).split(" / "))


_ACTIONS = {
    "TECHNICAL": _words("""
        Cải tiến / Chế tạo bộ gá cho / Thiết kế lại / Nâng cấp / Tự chế thiết bị đo cho / Thay thế
        cơ cấu truyền động của / Gia cố / Khắc phục rung lắc ở / Lắp thêm bảo vệ
    """),
    "MANAGEMENT": _words("""
        Đổi mới cách quản lý / Chuẩn hóa / Lập bản đồ rủi ro cho / Phân cấp phụ trách / Xây dựng
        định mức cho / Kiểm soát chi phí / Khoán gọn / Chấm dứt thất thoát ở
    """),
    "OPERATIONAL": _words("""
        Sắp xếp lại / Rút gọn các bước của / Tối ưu ca trực cho / Tổ chức lại / Gộp khâu / Rút ngắn
        thời gian dừng / Cân bằng chuyền cho / Đảo thứ tự thao tác tại
    """),
    "APPLIED_TECHNOLOGY": _words("""
        Số hóa / Ứng dụng học máy cho / Tự động hóa / Xây dựng phần mềm / Gắn định vị cho / Giám sát
        từ xa / Kết nối dữ liệu / Nhận dạng hình ảnh cho / Điều khiển qua mạng
    """),
    "RESEARCH": _words("""
        Nghiên cứu mô hình / Thử nghiệm phương pháp mới cho / Đánh giá và đề xuất / Khảo sát nguyên
        nhân hỏng của / Tính toán lại tải trọng / So sánh ba phương án cho
    """),
}
_THINGS = {
    "PRODUCTION": _words("""
        băng tải / lò hơi / máy ép / máy cắt / khuôn đúc / trạm biến áp / bơm nước thải / tủ điện /
        máy đóng gói / dây chuyền may / cầu trục / máy nén khí / lò sấy / silo / tuyến cáp quang /
        trạm thu phát sóng / máy nổ / xe nâng / bồn chứa / máy tiện / hệ thống tưới / máy xát gạo /
        giàn khoan / nồi nấu / máy nhuộm / quạt hút bụi / cột treo cáp / buồng sơn / kho lạnh / máy
        dệt / tháp giải nhiệt / van điều áp / máy nghiền đá / thang tải / chuồng nuôi / bè cá / máy
        hái chè / lò nung / máy in / toa xe / đầu kéo / cần cẩu bờ / hầm lò / gương than / máy xúc /
        xe bồn / sàng rung
    """),
    "PUBLIC": _words("""
        hồ sơ một cửa / sổ khám bệnh / bài giảng / thư viện / lịch họp / văn thư / kho lưu trữ /
        ngân hàng câu hỏi / phòng thí nghiệm / bếp ăn bán trú / hộp thư góp ý / phòng đọc / báo cáo
        thống kê / quỹ tương trợ / tủ thuốc / khoa cấp cứu / phòng tiêm chủng / tuyển sinh / chấm
        điểm thi đua / cấp phép xây dựng / thu gom rác / đèn đường / hộ tịch / tài sản công / phòng
        mổ / sân trường / nhà đa năng / xe cứu thương / giải quyết khiếu nại / chi trả chế độ / đo
        đạc địa chính / kiểm dịch / đề tài cơ sở / tập huấn cán bộ / trực ban / camera giám sát /
        cổng thông tin / khám sức khỏe
    """),
}
_KINDS = {
    "PRODUCTION": _words("""
        cũ nhập từ Đức / công suất lớn / hai tầng / tự hành / kiểu trục vít / chạy trấu / thế hệ đầu
        / bán tự động / dùng hơi bão hòa / loại treo / trọng tải nhẹ / ba pha / chống cháy nổ / dùng
        điện mặt trời / bốn bánh / không khuấy / vỏ nhôm / lõi thép / đặt ngoài trời / ngâm dầu /
        truyền đai / nối tiếp / đáy côn / lắp ghép / cỡ trung / thủy lực / khí động / cao áp / mini
        / liên hoàn / phân xưởng phụ / kiểu Nhật / chịu mặn / có phanh từ / cuốn ngang / đa năng /
        dự phòng / tận dụng nhiệt thừa
    """),
    "PUBLIC": _words("""
        liên thông / bản giấy / cấp xã / ngoại trú / khối tiểu học / dành cho người khuyết tật /
        song ngữ / lưu động / theo quý / không giấy / tuyến huyện / ngoài giờ hành chính / có tính
        phí / mức độ bốn / theo chuyên đề / nội trú / vùng dân tộc / chuyên khoa nhi / thí điểm /
        mới sáp nhập / trẻ mầm non / dùng chung / liên ngành / hậu kiểm / hợp tác quốc tế / khẩn cấp
        / hưu trí / quá hạn / mật / tự nguyện / định kỳ
    """),
}
_MEANS = _words("""
    mã QR / cảm biến giá rẻ / bảng điều khiển chung / vật liệu tái sử dụng / rơ le thời gian / mã
    nguồn mở / trợ lý ảo / biểu mẫu điện tử / nhật ký điện tử / bản đồ số / chữ ký số / giá đỡ tháo
    lắp nhanh / tủ điều khiển tự chế / thuật toán xếp lịch / thẻ màu / biến tần / gioăng cao su lưu
    hóa / xi lanh khí nén / mô hình Kaizen / camera có sẵn / loa cảnh báo / thép phế liệu / men vi
    sinh / bảng trắng di động / họp đứng đầu ca / tin nhắn tự động / khung nhựa ghép / bột đá mịn /
    keo chịu nhiệt / pin lưu trữ / kẹp từ / hộp số tháo rời
""")
_HOW = ("bằng", "nhờ", "dùng", "kết hợp", "qua", "với")
_TIMES = _words("""
    mùa mưa bão / giờ cao điểm / ca đêm / thời gian giãn cách / dịp Tết / vụ đông xuân / kỳ quyết
    toán / tuần lễ an toàn / lúc mất điện lưới / đợt nắng nóng / mùa tuyển sinh / khi thiếu nhân lực
    / sau sáp nhập tổ / đầu năm học / kỳ đại tu / tháng Công nhân
""")
_WHERES = _words("""
    xưởng / tổ / phân đội / chi nhánh / trạm / đội / phòng / cụm / bến / khu / điểm / nông trường /
    bãi / khoa / trường / cảng / lò / ban / nhà máy / kho / tuyến
""")
_SYLLABLES = _words("""
    Ao / Bãi / Cầu / Dốc / Đầm / Ghềnh / Hồ / Khe / Lạch / Mỏ / Ngã / Phố / Quán / Rạch / Suối /
    Tháp / Ụ / Vịnh / Xóm / Yên / Gò / Bến / Chợ / Đồi / Giồng / Hòn / Kênh / Láng / Mương / Nà /
    Phú / Sơn / Tân / Vĩnh / Long / Bình / An / Thạnh
""")
_NAMES = _words("""
    Sen / Dâu / Khoai / Vải / Quạ / Xoan / Kẽm / Rạn / Sú / Cày / Bảy / Ốc / Gỏi / Bứa / Phèn /
    Chuông / Thép / Xép / Mắm / Ngựa / Quéo / Nứa / Rươi / Chè / Trôm / Lứt / Hến / Mít / Tràm /
    Đước / Bần / Sậy / Lăng / Vồ / Nhum / Cói / Gạo / Muồng / Hưng / Thuận / Lợi / Khánh / Trung /
    Thới / Điền / Xuyên / Hội / Mỹ / Quới
""")
_PROBLEMS = _words("""
    hay kẹt phôi / nóng quá mức / rò rỉ dầu / phải nhập liệu hai lần / chờ ký lâu / mất nhiều công
    vệ sinh / tốn giấy in / thất lạc phiếu / bụi vượt ngưỡng / ồn / sai số liệu cuối tháng / gãy
    chốt liên tục / nước đọng chân máy / dễ cháy cuộn dây / xếp hàng dài / trùng lịch / không có phụ
    tùng thay / khó tìm hồ sơ cũ / trượt đai / đứt chỉ / lệch tâm / gọi điện mãi không được / quên
    bảo dưỡng / hụt áp / đóng cặn / cửa kho xuống cấp / mối hàn nứt / vỡ ống sứ / chuột cắn dây /
    dao cùn nhanh / lạc mẫu / kính mờ hơi sương / bánh xích mòn vẹt / xe chờ nối đuôi / phấn bay mù
    mịt / tụt huyết áp / chữ ký giả / thừa cơm canh / bốc mùi hôi / ngập úng rãnh thoát / giấy tờ
    nhàu nát / mọt bàn ghế / tràn bể / người bệnh phải đi vòng / học sinh chán / phế phẩm nhiều
""")
_EFFECTS = _words("""
    giảm một nửa thời gian xử lý / tiết kiệm điện năng / không phải thuê ngoài / hết sai sót / tăng
    năng suất / rút ngắn thời gian chờ / giảm hàng tồn / tận dụng thiết bị cũ / an toàn hơn khi làm
    việc / kéo dài tuổi thọ máy / giảm tiếng ồn / bớt làm thêm giờ / giữ được khách hàng / thêm thu
    nhập cho tổ / sạch khu vực làm việc / ai cũng tra cứu được / cây trồng xanh hơn / vải thẳng mép
    / tàu rời cảng đúng giờ / lọc bỏ tạp chất / máy êm ru / phụ huynh yên tâm / vết mổ chóng lành /
    giữ nguyên hương vị / chẩn đoán trúng ngay / bảng lương khớp từng xu / đường trơn hết trượt /
    tôm giống khỏe / xóa sổ viết tay / không còn tai nạn / đỡ nặng nhọc cho lao động nữ / thu hồi
    được nhiệt / bớt đi lại / hoàn vốn ngay trong năm / đủ cấp cho ba đơn vị bạn / người dân hài
    lòng / phát hiện sớm
""")
_AMOUNTS = _words("""
    giờ công / kWh / triệu đồng / lít dầu / tấn phôi / mét khối nước / lượt đi lại / tờ giấy / hộp
    mực / ca máy / cuộn thép / phiếu lỗi / phút chờ / bao xi măng / đơn hàng / lỗi may / hồ sơ tồn /
    ngày phép / mẻ hỏng / kg hóa chất / lượt khám / tiết dạy
""")
_SPANS = ("mỗi ca", "một tuần", "mỗi tháng", "một quý", "hằng năm", "sau sáu tháng", "mỗi lượt")
_TRIALS = ("một tổ", "hai tổ sản xuất", "một phòng", "ba điểm", "toàn đơn vị", "một ca trực")
_NEXT = (
    "Có thể nhân rộng trong toàn ngành mà không cần đầu tư thêm.",
    "Đã hướng dẫn cho đơn vị bạn.",
    "Tài liệu hướng dẫn gồm bốn trang, kèm ảnh chụp.",
    "Cần thêm một người theo dõi trong quý đầu.",
    "Đề nghị đưa vào quy trình chung của đơn vị.",
)

# Summaries differ in structure as well as in words: with one common sentence each would be a
# possible duplicate of every other.
_BEFORE = _words("""
    trước đây {} / hết cảnh {} / khỏi lo {} / nguyên nhân {} nằm ở thao tác / cứ {} là dừng / anh em
    kêu {} / do {} / không còn {} / bớt hẳn {} / xử lý dứt điểm việc {} / vì {} / từng bị nhắc nhở
    vì {} / gặp {} thì chuyển sang nhánh phụ / thôi {}
""")
_GAINS = _words("""
    từ {n} xuống {m} {amount} {span} / {span} lợi {n} {amount} / đỡ {n} {amount} {span} / vốn {m}
    triệu, bù {n} {amount} / {n} {amount} dư ra {span} / giảm {m}% {amount} / {m} người làm thay {n}
    {amount} / chỉ tốn {m} {amount} / cộng dồn được {n} {amount} / tính tròn {n} {amount} {span} /
    hao hụt dưới {m} {amount} / gấp {m} lần {amount} cũ
""")
_MARKED = _words("""
    {where} {place}, mã {mark} / ở {where} {place} ({mark}) / {mark} {where} {place} / số máy
    {mark}, {where} {place} / hồ sơ {mark} lưu tại {where} {place} / {where} {place} nhận bàn giao
    {mark} / {mark}: {where} {place} chạy thử
""")
_BUILDS = tuple(permutations(range(4), 3)) + tuple(permutations(range(4)))

_OBJECTS = {
    sector: [f"{thing} {kind}" for thing, kind in product(things, _KINDS[sector])]
    for sector, things in _THINGS.items()
}
_TOOLS = [f"{how} {means}" for how, means in product(_HOW, _MEANS)]
_PLACES = [f"{first} {second}" for first, second in product(_SYLLABLES, _NAMES)]
_LETTERS = "BCDFGHJKLMPQRSVWXZ"


def write(chance: Random, solution_type: str, sector: str) -> Text:
    """Return the text of a fictitious initiative of a type and sector, in Vietnamese."""
    luck = chance.random

    def pick(options: Sequence[T]) -> T:
        # Takes a third of the time of `Random.choice`, and is called tens of millions of times.
        return options[int(luck() * len(options))]

    action, thing, tool = pick(_ACTIONS[solution_type]), pick(_OBJECTS[sector]), pick(_TOOLS)
    time, effect, also = pick(_TIMES), pick(_EFFECTS), pick(_EFFECTS)
    m = 2 + int(luck() * 18)
    clauses = (
        pick(_BEFORE).format(pick(_PROBLEMS)),
        pick(_GAINS).format(
            n=m + 3 + int(luck() * 400), m=m, amount=pick(_AMOUNTS), span=pick(_SPANS)
        ),
        effect,
        pick(_MARKED).format(
            where=pick(_WHERES),
            place=pick(_PLACES),
            mark=f"{pick(_LETTERS)}{pick(_LETTERS)}{int(luck() * 9900) + 100}",  # of a machine
        ),
    )
    summary = "; ".join([clauses[place] for place in pick(_BUILDS)])
    return Text(
        title=f"{action} {thing} {tool} {time}",
        summary=f"{summary[0].upper()}{summary[1:]}.",
        content=(
            f"Thực trạng: {thing} {time} còn mất nhiều thời gian và dễ sai sót. "
            f"Giải pháp: {action.lower()} {thing} {tool}; người lao động tự làm, dùng thiết bị "
            f"sẵn có của đơn vị. Áp dụng thử tại {pick(_TRIALS)}, có ghi chép "
            f"hằng ngày và so sánh với cùng kỳ năm trước. Kết quả: {effect}; ngoài ra {also}. "
            f"{pick(_NEXT)} {NOTE}"
        ),
        field=pick(FIELDS[sector]),
    )
