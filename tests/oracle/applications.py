"""Random applications, and their authorizations for accounts."""

import random
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from auth.permissions import Permission
from tests.oracle.world import World

_SCOPES = ("sangkien.read", "sangkien.read sangkien.write", "openid sangkien.write", "openid")


class Applications:
    """Generates registered applications, some of service accounts, and their authorizations."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world, self._rng = world, rng
        self._day = datetime.combine(world.today, time(6), UTC)

    def grow(self) -> None:
        """Generate all of them."""
        for _ in range(self._rng.randint(1, 5)):
            self._application()
        for _ in range(self._rng.randint(1, 15)):
            self._authorization()

    def _later(self) -> datetime | None:
        return self._rng.choice((None, self._day + timedelta(minutes=self._rng.randrange(999))))

    def _application(self) -> None:
        world, rng, say = self._world, self._rng, self._world.wording
        key = world.next_id("oauth_client")
        services = [row.id for row in world.where("account", kind="SERVICE")]
        units = [unit.id for unit in world.rows["unit"]]
        world.add(
            "oauth_client",
            serial=key,
            client_id=say.code("oauth_client", key, "client_id"),
            name=say.text("oauth_client", key, "name"),
            secret_hash=say.marker("oauth_client", key, "secret_hash").encode(),
            grant_types=[],
            scope=rng.choice(_SCOPES),
            account_id=rng.choice([None, *services, *services]),
            permissions=rng.choice([None, [rng.choice(list(Permission)).value]]),
            unit_id=rng.choice([None, *units]),
            read_only=rng.choice((True, False)),
            created_at=self._day,
            last_used_at=self._later(),
            revoked_at=self._later(),
            removed_at=rng.choice((None, None, self._day)),
        )

    def _authorization(self) -> None:
        world, rng = self._world, self._rng
        key = world.next_id("token_family")
        client = rng.choice(world.rows["oauth_client"])
        accounts = [row.id for row in world.rows["account"]]
        account_id = rng.choice([client.account_id or accounts[0], *accounts])
        world.add(
            "token_family",
            id=UUID(int=key),
            serial=key,
            client_id=client.client_id,
            account_id=account_id,
            scope=rng.choice(_SCOPES),
            auth_time=None if account_id == client.account_id else self._day,
            amr=[],
            created_at=self._day,
            expires_at=self._day + timedelta(days=1),
            last_used_at=self._later(),
            revoked_at=self._later(),
        )
