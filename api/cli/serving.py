"""`sangkien demo` and `sangkien serve`."""

import os

import click
import psycopg

from api import hosting, serving
from api.cli.database import Failure, database, owner
from api.role_checks import check_serving
from api.settings import DEMO_TODAY
from auth import keys
from auth.issuer import demo_client
from db.seed import demo as demo_data


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port; else SANGKIEN_PORT, else 8000.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
def demo(port: int | None, workers: int) -> None:
    """Load the demo's data where there is none, and serve it."""
    os.environ["SANGKIEN_DEMO"] = "true"
    with database(migrate=True, create=True, supervise=True, check=serving.check_reach) as config:
        with owner(config, "demo") as connection:
            _load_demo(connection)
            keys.ensure(connection)
            demo_client.register(connection, port or config.port)
        check_serving(config)
        config.today = config.today or DEMO_TODAY
        serving.serve(config, port=port, workers=workers)


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port; else SANGKIEN_PORT, else 8000.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
def serve(port: int | None, workers: int) -> None:
    """Serve the API; without SANGKIEN_DATABASE_URL on the embedded PostgreSQL."""
    with database(migrate=False, create=True, supervise=True, check=serving.check_reach) as config:
        check_serving(config)
        hosting.check_migrated(config)
        hosting.give_up_owner(config)
        serving.serve(config, port=port, workers=workers)


def _load_demo(connection: psycopg.Connection) -> None:
    if connection.execute("select from unit limit 1").fetchone() is None:
        demo_data.load(connection)
        click.echo("sangkien: demo data loaded")
    elif connection.execute("select from unit where code = 'TTTT'").fetchone() is None:
        raise Failure("the database holds other data; set SANGKIEN_HOME to another folder")
