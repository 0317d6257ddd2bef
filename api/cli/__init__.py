"""The command line: `sangkien`."""

import os
import sys
from importlib import import_module

import click

from api import logs

# The module and the attribute of each command. A module is imported only when its command runs,
# because most commands need only a part of the application.
_COMMANDS = {
    "access-tokens": ("access_tokens", "access_tokens"),
    "accounts": ("accounts", "accounts"),
    "clients": ("identity", "clients"),
    "demo": ("serving", "demo"),
    "export": ("files", "export"),
    "generate": ("generate", "generate"),
    "identities": ("external", "identities"),
    "import": ("files", "import_"),
    "init": ("init", "init"),
    "keys": ("identity", "keys"),
    "migrate": ("migrate", "migrate"),
    "roles": ("roles", "roles"),
    "schema": ("schema", "schema"),
    "serve": ("serving", "serve"),
    "token": ("tokens", "token"),
    "verify": ("verify", "verify"),
}


class _Commands(click.Group):
    """A group that imports each command on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"api.cli.{module}"), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The GraphQL backend for a trade union's innovation campaigns."""


def main() -> None:
    """Run the command line."""
    logs.configure(os.environ.get("SANGKIEN_LOG_FORMAT"), os.environ.get("SANGKIEN_LOG_LEVEL"))
    logs.take_uncaught()
    try:
        cli(prog_name="sangkien")
    except Exception as error:  # noqa: BLE001 - any error is logged, but its text may contain values
        logs.uncaught(error)
        sys.exit(70)  # EX_SOFTWARE of sysexits.h
