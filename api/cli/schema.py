"""`sangkien schema`."""

import click

from schema.build import sdl


@click.command()
def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    click.echo(sdl(), nl=False)
