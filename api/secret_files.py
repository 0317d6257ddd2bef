"""Secret settings that are read from files, as mounted by orchestrators.

`SANGKIEN_READER_URL_FILE=/run/secrets/reader` sets `SANGKIEN_READER_URL` to the file's text.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

SECRETS = (
    "database_url",
    "reader_url",
    "writer_url",
    "database_password",
    "reader_password",
    "writer_password",
    "metrics_token",
    "oidc_issuers",
)
"""The settings whose values may contain a secret; no message repeats them."""
_LARGEST = 65_536  # bytes of a secret's file


class SecretFileError(Exception):
    """A secret's file cannot be used; the text is one line with its variable and the reason."""


class SecretFiles(PydanticBaseSettingsSource):
    """The settings that a `SANGKIEN_…_FILE` variable sets."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic's
        """Return the text of a setting's file; None where no file is set."""
        return _read(os.environ, field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the settings that have a file. Raises SecretFileError."""
        found = {name: _read(os.environ, name) for name in SECRETS}
        return {name: text for name, text in found.items() if text is not None}


def variable(name: str) -> str:
    """Return the environment variable that names the file of a setting."""
    return f"SANGKIEN_{name.upper()}_FILE"


def _read(environment: Mapping[str, str], name: str) -> str | None:
    path = environment.get(variable(name))
    if not path:
        return None
    if environment.get(f"SANGKIEN_{name.upper()}"):
        raise SecretFileError(
            f"{variable(name)} and SANGKIEN_{name.upper()} are both set; set one of them"
        )
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise SecretFileError(
            f"{variable(name)}={path!r} cannot be read ({error.strerror})"
        ) from error
    except UnicodeDecodeError:
        raise SecretFileError(f"{variable(name)}={path!r} is not UTF-8") from None
    if len(content) > _LARGEST:
        raise SecretFileError(f"{variable(name)}={path!r} is larger than {_LARGEST:,} bytes")
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise SecretFileError(f"{variable(name)}={path!r} is empty")
    return text
