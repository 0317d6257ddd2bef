"""`sangkien generate`."""

from typing import Any

import click
from tqdm import tqdm

from api.cli.database import Failure, database, owner
from db.seed import national
from db.seed.national import NotEmptyError


@click.command()
@click.option("--units", type=click.IntRange(10, 1_000_000), required=True)
@click.option("--initiatives", type=click.IntRange(0, 20_000_000), required=True)
def generate(units: int, initiatives: int) -> None:
    """Fill an empty database with a synthetic national tree."""
    bars: dict[str, tqdm[Any]] = {}

    def progress(what: str, done: int, total: int) -> None:
        if what not in bars:
            bars[what] = tqdm(total=total, desc=what, unit="", disable=None)
        bar = bars[what]
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    with database(migrate=True) as config, owner(config, "generate") as connection:
        try:
            national.generate(connection, units=units, initiatives=initiatives, progress=progress)
        except NotEmptyError as error:
            raise Failure(str(error)) from error
    click.echo("done")
