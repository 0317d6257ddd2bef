"""The tables of identity: closed to every role and session except the issuer's own."""

import psycopg
import pytest

from db.migrations.load import SQL
from db.url import READER, WRITER, with_role

TABLES = {
    "oauth_client": "client_id",
    "consent": "client_id",
    "token_family": "id",
    "authorization_code": "code_hash",
    "refresh_token": "token_hash",
    "browser_session": "secret_hash",
    "known_device": "device_hash",
    "sign_in_attempt": "subject_hash",
    "audit_allowance": "subject_hash",
    "invitation": "token_hash",
    "totp_secret": "secret",
    "recovery_code": "code_hash",
}
# The reader sees these columns of applications by policies of their own.
TOLD = {"oauth_client": "secret_hash", "token_family": "id"}
FAMILY = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def filled(database):
    """A database with a row in each of identity's tables, of one account."""
    with psycopg.connect(database) as connection:
        connection.execute(f"""
            insert into account (id, username, kind, password_hash)
                values (1, 'an', 'PERSON', '$argon2id$');
            insert into oauth_client (client_id, name, grant_types, scope)
                values ('page', 'A page', '{{}}', 'openid');
            insert into consent values (1, 'page', 'openid', now());
            insert into browser_session
                (secret_hash, account_id, complete, amr, signed_in_at, idle_ends_at, ends_at)
                values ('s', 1, true, '{{pwd}}', now(), now(), now());
            insert into token_family
                (id, client_id, account_id, scope, amr, created_at, expires_at, revoked_at)
                values ('{FAMILY}', 'page', 1, 'openid', '{{}}', now(), now(), now());
            insert into authorization_code
                values ('c', 'page', 1, null, 'u', 'openid', null, 'x', now(), '{{}}', now());
            insert into refresh_token values ('r', '{FAMILY}', now());
            insert into known_device values ('d', 1, now());
            insert into sign_in_attempt values ('a', 1, now(), now());
            insert into audit_allowance values ('a', 'NOTED', 1, 1, 0, now());
            insert into invitation values (1, 'i', now());
            insert into totp_secret values (1, 't');
            insert into recovery_code values (1, 'k');
        """)
    return database


def test_the_list_of_tables_is_the_migrations():
    text = (SQL / "identity_policies.sql").read_text()
    assert all(f"'{table}'" in text for table in TABLES)
    assert text.count("', '") + text.count("',\n") + 1 == len(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_the_reader_reads_nothing_of_identity(filled, table):
    with psycopg.connect(with_role(filled, READER)) as connection:
        connection.execute("select set_config('sangkien.issuing', 'on', true)")
        if table in TOLD:
            assert connection.execute(f"select client_id from {table}").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"select {TOLD.get(table, '')} from {table}")


@pytest.mark.parametrize("table", TABLES)
def test_the_writer_sees_identity_in_the_issuers_transactions_alone(filled, table):
    with psycopg.connect(with_role(filled, WRITER)) as connection:
        query = f"select {TABLES[table]} from {table}"
        connection.execute("select set_config('sangkien.account', '1', true)")
        assert connection.execute(query).fetchall() == []
        connection.execute("select set_config('sangkien.issuing', 'on', true)")
        assert len(connection.execute(query).fetchall()) == 1
        connection.commit()
        assert connection.execute(query).fetchall() == []


@pytest.mark.parametrize(
    "statement",
    [
        "update oauth_client set redirect_uris = '{https://evil.test}'",
        "insert into oauth_client (client_id, name, grant_types, scope) values ('e', '', '{}', '')",
        "delete from oauth_client",
        "insert into invitation values (2, 'e', now())",
        "update account set password_hash = ''",
        "select password_hash from account",
    ],
)
def test_the_writer_does_not_even_for_the_issuer_what_is_the_owners(filled, statement):
    with psycopg.connect(with_role(filled, WRITER)) as connection:
        connection.execute("select set_config('sangkien.issuing', 'on', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_passwords_are_read_and_set_in_the_issuers_transactions_alone(filled):
    find = "select password_hash from identity_account(1, null, current_date)"
    with psycopg.connect(with_role(filled, WRITER)) as connection:
        connection.execute("select set_config('sangkien.account', '1', true)")
        connection.execute("select identity_set_password(1, 'taken over')")
        assert connection.execute(find).fetchone() is None
        connection.execute("select set_config('sangkien.issuing', 'on', true)")
        assert connection.execute(find).fetchone() == ("$argon2id$",)
        connection.execute("select identity_set_password(1, 'another')")
        assert connection.execute(find).fetchone() == ("another",)
    with (
        psycopg.connect(with_role(filled, READER)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(find)


def test_the_reader_learns_of_revoked_families_their_ids_and_nothing_else(filled):
    with psycopg.connect(with_role(filled, READER)) as connection:
        found = connection.execute("select * from revoked_families('2000-01-01')").fetchall()
    assert [[str(value) for value in row] for row in found] == [[FAMILY]]


def test_a_revoked_family_is_known_for_as_long_as_its_access_tokens_last(filled):
    """They may outlive it by ten minutes, and clocks may differ."""
    swept = "select identity_sweep(now() + %s::interval, 100)"
    with psycopg.connect(with_role(filled, WRITER)) as connection:
        connection.execute("select set_config('sangkien.issuing', 'on', true)")
        for later, left in (("14 minutes", 1), ("16 minutes", 0)):
            connection.execute(swept, (later,))
            assert len(connection.execute("select id from token_family").fetchall()) == left


def test_expired_rows_are_swept_a_few_at_a_time_and_others_stay(filled):
    sweep = "select identity_sweep(now() + %s::interval, %s)"
    with psycopg.connect(with_role(filled, WRITER)) as connection:
        connection.execute("select set_config('sangkien.issuing', 'on', true)")
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into sign_in_attempt values (%s, 1, now(), now())",
                [(b"%d" % n,) for n in range(9)],
            )
        connection.execute(sweep, ("-1 hour", 100))
        count = "select count(*) from sign_in_attempt"
        assert connection.execute(count).fetchone() == (10,)
        connection.execute(sweep, ("1 hour", 4))
        assert connection.execute(count).fetchone() == (6,)
        connection.execute(sweep, ("1 hour", 100))
        left = {
            table
            for table, key in TABLES.items()
            if connection.execute(f"select {key} from {table}").fetchall()
        }
    assert left == {"oauth_client", "consent", "totp_secret", "recovery_code", "audit_allowance"}
