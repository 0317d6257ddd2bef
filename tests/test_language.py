"""The language of error texts, by the Accept-Language of the request."""

import pytest

from schema.messages import preferred


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        *((None, "en"), ("", "en"), ("fr", "en"), ("vi", "vi"), ("VI-vn, en", "vi")),
        *(("vi;q=0.9,en;q=0.5", "vi"), ("vi;q=0.5,en;q=0.9", "en"), ("vi;q=0, en;q=0.1", "en")),
        *(("vi; q=0.9, en; q=0.5", "vi"), ("vi;Q=0.9, en;q=0.5", "vi"), ("vi ;q=1.", "vi")),
        *(("vi;q=\xb2", "vi"), ("vi;q=, en;q=1", "vi"), ("en;q=nan, vi;q=0.5", "en")),
    ],
)
def test_the_language_of_the_greatest_weight_is_spoken(accepted, language):
    assert preferred(accepted) == language
