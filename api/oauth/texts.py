"""The texts of the pages, in Vietnamese and English."""

from collections.abc import Mapping

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
"""The pages' languages, by their own names; the first one is the default."""

_TEXTS: Mapping[str, tuple[str, str]] = {
    "skip": ("Tới nội dung chính", "Skip to the content"),
    "product": ("Sáng kiến Công đoàn", "Trade-union initiatives"),
    "problem": ("Có lỗi cần sửa", "There is a problem"),
    "continue": ("Tiếp tục", "Continue"),
    "back": ("Về trang tài khoản", "Back to the account"),
    # sign-in
    "sign_in": ("Đăng nhập", "Sign in"),
    "sign_in_for": ("để tiếp tục đến {client}", "to continue to {client}"),
    "username": ("Tên đăng nhập", "Username"),
    "password": ("Mật khẩu", "Password"),
    "demo_hint": (
        "Bản dùng thử: tài khoản nào cũng có mật khẩu “demo”, ví dụ tttt-admin.",
        "Demo: every account has the password “demo”, for example tttt-admin.",
    ),
    "wrong": (
        "Tên đăng nhập hoặc mật khẩu không đúng.",
        "The username or the password is not right.",
    ),
    "tries": (
        "Bạn đã thử quá nhiều lần. Hãy thử lại sau {seconds} giây.",
        "There were too many tries. Try again in {seconds} seconds.",
    ),
    "fill_in": ("Hãy điền đầy đủ các ô.", "Fill in every field."),
    # sign-in through external providers
    "sign_in_with": ("Đăng nhập bằng {name}", "Sign in with {name}"),
    "sign_in_otherwise": ("Cách đăng nhập khác", "Other ways to sign in"),
    "another_issuer": ("hệ thống khác", "another service"),
    "external_unavailable": (
        "Hiện không liên lạc được với {name}. Hãy thử lại sau, hoặc đăng nhập bằng mật khẩu.",
        "{name} cannot be reached right now. Try again later, or sign in with a password.",
    ),
    "external_failed": (
        "Đăng nhập bằng {name} không thành công. Hãy thử lại từ đầu.",
        "Signing in with {name} did not work. Start again.",
    ),
    "external_not_linked": (
        "Chưa có tài khoản nào gắn với bạn tại {name}. Hãy báo quản trị viên mã này: {subject}",
        "No account is linked to you at {name}. Tell an administrator this identifier: {subject}",
    ),
    "link": ("Gắn với tài khoản của bạn", "Link to your account"),
    "link_what": (
        "Bạn đã đăng nhập tại {name}, nhưng ở đây chưa biết bạn dùng tài khoản nào.",
        "You are signed in at {name}, but it is not known yet which account here is yours.",
    ),
    "link_code": ("Mã liên kết", "Link code"),
    "link_hint": (
        "Quản trị viên của bạn cấp mã này; chỉ cần nhập một lần.",
        "Your administrator gives you this code; it is asked for once.",
    ),
    "wrong_link_code": (
        "Mã không đúng, đã hết hạn hoặc đã được dùng.",
        "The code is not right, has expired or was used before.",
    ),
    # the second factor
    "second_factor": ("Xác thực bước hai", "Second factor"),
    "code_hint": (
        "Nhập mã 6 chữ số trong ứng dụng xác thực, hoặc một mã khôi phục.",
        "Type the 6-digit code of your authenticator app, or a recovery code.",
    ),
    "code": ("Mã", "Code"),
    "wrong_code": (
        "Mã không đúng, đã hết hạn hoặc đã được dùng.",
        "The code is not right, has expired or was used before.",
    ),
    "enrol": ("Cài đặt xác thực bước hai", "Set up the second factor"),
    "enrol_due": (
        "Vai trò của bạn bắt buộc phải có xác thực bước hai.",
        "Your role needs a second factor.",
    ),
    "enrol_scan": (
        "Quét mã này bằng ứng dụng xác thực trên điện thoại, hoặc nhập khóa bằng tay.",
        "Scan this code with an authenticator app on your phone, or type the key in.",
    ),
    "enrol_key": ("Khóa", "Key"),
    "enrol_link": ("Mở trong ứng dụng xác thực", "Open in an authenticator app"),
    "enrol_code": ("Mã 6 chữ số mà ứng dụng hiện ra", "The 6-digit code that the app shows"),
    "enrolled": ("Xác thực bước hai đã bật", "The second factor is on"),
    "recovery": (
        "Hãy cất giữ các mã khôi phục này: sẽ không hiện lại. Mỗi mã dùng thay điện thoại một lần.",
        "Keep these recovery codes: they are not shown again. Each replaces your phone once.",
    ),
    # consent
    "consent": ("Cho phép {client}?", "Allow {client}?"),
    "consent_what": ("Ứng dụng này muốn:", "This application wants to:"),
    "consent_as": (
        "Bạn đang đăng nhập với tên {username}.",
        "You are signed in as {username}.",
    ),
    "consent_where": ("Sau đó bạn sẽ được đưa đến {origin}.", "You will then go to {origin}."),
    "other_account": ("Dùng tài khoản khác", "Use another account"),
    "allow": ("Cho phép", "Allow"),
    "deny": ("Từ chối", "Deny"),
    "scope_openid": ("biết bạn là ai", "know who you are"),
    "scope_profile": ("biết họ tên của bạn", "know your name"),
    "scope_sangkien.read": (
        "xem những gì bạn được xem trong hệ thống",
        "see what you may see in the system",
    ),
    "scope_sangkien.write": (
        "thay bạn thay đổi những gì bạn được thay đổi",
        "change on your behalf what you may change",
    ),
    "scope_sangkien.tokens": (
        (
            "tạo mã truy cập cá nhân để chương trình khác thay bạn làm việc mà không cần đăng nhập;"
            " chúng hết hiệu lực khi bạn thu hồi quyền của ứng dụng này"
        ),
        (
            "make personal access tokens, by which other programs act for you without signing in;"
            " they end when you revoke this application's access"
        ),
    ),
    # the account
    "account": ("Tài khoản", "Account"),
    "signed_in_as": ("Đang đăng nhập: {username}", "Signed in as {username}"),
    "open_api": ("Mở trang truy vấn GraphQL", "Open the GraphQL page"),
    "second_factor_on": ("Xác thực bước hai: đã bật", "Second factor: on"),
    "change_password": ("Đổi mật khẩu", "Change the password"),
    "current_password": ("Mật khẩu hiện tại", "Current password"),
    "new_password": ("Mật khẩu mới", "New password"),
    "repeat_password": ("Nhập lại mật khẩu mới", "New password again"),
    "password_rules": (
        "Ít nhất 12 ký tự, không chứa tên đăng nhập.",
        "At least 12 characters, without your username.",
    ),
    "password_changed": (
        "Mật khẩu đã đổi. Mọi phiên đăng nhập khác đã kết thúc.",
        "The password was changed. All other sessions have ended.",
    ),
    "keep_tokens": (
        "Giữ lại các mã truy cập cá nhân của tôi",
        "Keep my personal access tokens",
    ),
    "keep_tokens_hint": (
        "Nếu không chọn, mọi mã truy cập và ứng dụng đang thay bạn làm việc đều bị thu hồi.",
        "Unless you tick this, every access token and application that acts for you ends.",
    ),
    "password_set": (
        "Mật khẩu đã được lưu. Hãy đăng nhập.",
        "The password is set. Sign in with it.",
    ),
    "wrong_current": (
        "Mật khẩu hiện tại không đúng.",
        "The current password is not right.",
    ),
    "weak_short": ("Mật khẩu cần ít nhất 12 ký tự.", "The password needs at least 12 characters."),
    "weak_long": ("Mật khẩu dài quá 200 ký tự.", "The password is longer than 200 characters."),
    "weak_username": (
        "Mật khẩu không được chứa tên đăng nhập.",
        "The password must not contain the username.",
    ),
    "weak_simple": (
        "Mật khẩu cần ít nhất 5 ký tự khác nhau.",
        "The password needs at least 5 different characters.",
    ),
    "differ": ("Hai mật khẩu mới không giống nhau.", "The two new passwords differ."),
    # invitations
    "invitation": ("Chọn mật khẩu", "Choose a password"),
    "invitation_for": ("Tài khoản của bạn: {username}", "Your account: {username}"),
    "not_invited": (
        "Liên kết này đã được dùng hoặc đã hết hạn. Hãy xin một liên kết mới.",
        "This link was used or has expired. Ask for a new one.",
    ),
    # sign-out
    "sign_out": ("Đăng xuất", "Sign out"),
    "sign_out_sure": (
        "Bạn muốn đăng xuất? Mọi ứng dụng đã mở từ phiên này cũng sẽ bị đăng xuất.",
        "Do you want to sign out? Applications opened from this session are signed out too.",
    ),
    "signed_out": ("Bạn đã đăng xuất", "You are signed out"),
    "sign_in_again": ("Đăng nhập lại", "Sign in again"),
    # errors
    "error": ("Không thực hiện được", "This did not work"),
    "forged": (
        "Biểu mẫu này không còn hiệu lực. Hãy quay lại, tải lại trang rồi thử lần nữa.",
        "This form is no longer valid. Go back, load the page again and retry.",
    ),
    "unavailable": (
        "Hệ thống đang bận. Hãy thử lại sau ít phút.",
        "The service is busy. Try again in a few minutes.",
    ),
    "limited": (
        "Có quá nhiều yêu cầu từ địa chỉ của bạn. Hãy thử lại sau {seconds} giây.",
        "There are too many requests from your address. Try again in {seconds} seconds.",
    ),
    "refused": (
        "Ứng dụng đã gửi một yêu cầu không hợp lệ: {reason}",
        "The application sent a request that is not valid: {reason}",
    ),
    "internal": (
        "Có lỗi ở phía chúng tôi; mã ghi nhận: {correlation_id}",
        "Something went wrong on our side; it was logged as {correlation_id}",
    ),
}


class Texts:
    """The texts of one language: `t("sign_in_for", client=…)`."""

    def __init__(self, language: str) -> None:
        """Set the language: one of LANGUAGES."""
        self._column = list(LANGUAGES).index(language)

    def __call__(self, key: str, **facts: object) -> str:
        """Return a text with facts filled in."""
        return _TEXTS[key][self._column].format_map(facts)


def language_for(accepted: str) -> str | None:
    """Return the first language of a list of BCP 47 tags that the pages have.

    Accepts `ui_locales` and also Accept-Language, because browsers send its tags in order of
    preference.
    """
    for tag in accepted.replace(",", " ").split():
        language = tag.partition(";")[0].partition("-")[0].lower()
        if language in LANGUAGES:
            return language
    return None
