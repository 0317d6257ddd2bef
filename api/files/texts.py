"""Error messages of file rows, in addition to those of mutation input."""

from schema.messages import says

says(
    {
        "NOT_WHOLE": (
            "Phải là số nguyên viết bằng chữ số, ví dụ 5000000.",
            "It must be a whole number in digits alone, such as 5000000.",
        ),
        "NOT_A_DAY": (
            "Ngày phải viết như 2022-10-21.",
            "A day must be written like 2022-10-21.",
        ),
        "NOT_TRUE_OR_FALSE": ("Phải là true hoặc false.", "It must be true or false."),
        "NOT_ONE_OF": ("Phải là một trong: {limit}.", "It must be one of: {limit}."),
        "NOT_AUTHORS": (
            "Tác giả phải viết như NV1:60;NV2:40.",
            "Authors must be written like NV1:60;NV2:40.",
        ),
        "FORMULA": (
            "Ô chứa công thức; hãy ghi giá trị.",
            "The cell holds a formula; give its value.",
        ),
        "NO_COLUMN": (
            "Dòng có nhiều ô hơn dòng tiêu đề.",
            "The row has more cells than the header.",
        ),
        "IN_FILE_TWICE": (
            "Đã có ở dòng {limit} của tệp.",
            "It is in line {limit} of the file already.",
        ),
        "FIXED": (
            "Giá trị này khác với hiện tại; tệp không chuyển, giải thể hay đổi cấp đơn vị.",
            "It is not so; a file does not move or close a unit, or change its level.",
        ),
    }
)
