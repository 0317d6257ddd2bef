"""`sangkien demo` and `sangkien serve`."""

import click
import psycopg

from api import hosting, serving
from api.cli.database import Failure, database, owner
from api.settings import DEMO_TODAY
from auth import keys
from auth.issuer import demo_client
from db.seed import demo as demo_data


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port; else SANGKIEN_PORT, else 8000.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
def demo(port: int | None, workers: int) -> None:
    """Load the demo's data where there is none, and serve it."""
    with database(migrate=True, create=True) as config:
        with owner(config, "demo") as connection:
            _load_demo(connection)
            keys.ensure(connection)
            demo_client.register(connection, port or config.port)
        config.demo = True
        config.today = config.today or DEMO_TODAY
        serving.serve(config, port=port, workers=workers)


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port; else SANGKIEN_PORT, else 8000.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
def serve(port: int | None, workers: int) -> None:
    """Serve the API; without SANGKIEN_DATABASE_URL on the embedded PostgreSQL."""
    with database(migrate=False, create=True) as config:
        hosting.check_roles(config)
        with owner(config, "serve") as connection:
            keys.ensure(connection)
        serving.serve(config, port=port, workers=workers)


def _load_demo(connection: psycopg.Connection) -> None:
    if connection.execute("select from unit limit 1").fetchone() is None:
        demo_data.load(connection)
        click.echo("sangkien: demo data loaded")
    elif connection.execute("select from unit where code = 'TTTT'").fetchone() is None:
        raise Failure("the database holds other data; set SANGKIEN_HOME to another folder")
