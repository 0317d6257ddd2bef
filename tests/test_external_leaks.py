"""Identities at external providers: visible one at a time, changed by the issuer's transactions."""

import psycopg
import pytest

from db.url import READER, WRITER, with_role

TABLES = {"external_identity": "subject", "link_code": "code_hash"}
LOOK_UP = "select external_account('https://sso.test', 'an@sso')"
CANDIDATE = "select external_candidate('an@example.vn', 'https://other.test', current_date)"


@pytest.fixture
def filled(database):
    with psycopg.connect(database) as connection:
        connection.execute("""
            insert into unit (id, code, name, level, valid_from)
                values (1, 'TLD', 'TLD', 'CONFEDERATION', '2020-01-01');
            insert into person (id, code, name, unit_id, sector, email)
                values (1, 'NV1', 'An', 1, 'PUBLIC', 'An@example.vn');
            insert into account (id, username, kind, person_id) values (1, 'an', 'PERSON', 1);
            insert into external_identity (issuer, subject, account_id, linked_by)
                values ('https://sso.test', 'an@sso', 1, 'ADMIN');
            insert into link_code values (1, 'c', now());
        """)
    return database


@pytest.mark.parametrize("table", TABLES)
def test_the_reader_lists_none(filled, table):
    with psycopg.connect(with_role(filled, READER)) as connection:
        connection.execute("select set_config('sangkien.issuing', 'on', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"select from {table}")


def test_the_reader_looks_one_up(filled):
    with psycopg.connect(with_role(filled, READER)) as connection:
        assert connection.execute(LOOK_UP).fetchall() == [("an",)]
        assert connection.execute(LOOK_UP.replace("an@", "binh@")).fetchall() == [(None,)]


@pytest.mark.parametrize("table", TABLES)
def test_the_writer_sees_them_in_the_issuers_transactions_alone(filled, table):
    query = f"select {TABLES[table]} from {table}"
    with psycopg.connect(with_role(filled, WRITER)) as connection:
        connection.execute("select set_config('sangkien.account', '1', true)")
        assert connection.execute(query).fetchall() == []
        connection.execute("select set_config('sangkien.issuing', 'on', true)")
        assert len(connection.execute(query).fetchall()) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "update external_identity set account_id = 2",
        "delete from external_identity",
        "insert into link_code values (2, 'e', now())",
        LOOK_UP,
    ],
)
def test_the_writer_does_not_even_for_the_issuer_what_is_others(filled, statement):
    with psycopg.connect(with_role(filled, WRITER)) as connection:
        connection.execute("select set_config('sangkien.issuing', 'on', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_nobody_is_linked_outside_the_issuers_transactions(filled):
    insert = """
        insert into external_identity (issuer, subject, account_id, linked_by)
        values ('https://other.test', 'me', 1, 'EMAIL')
    """
    with psycopg.connect(with_role(filled, WRITER)) as connection:
        connection.execute("select set_config('sangkien.account', '1', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(insert)


def test_whose_an_address_is_is_told_to_the_issuer_alone(filled):
    with psycopg.connect(with_role(filled, WRITER)) as connection:
        assert connection.execute(CANDIDATE).fetchone() == (None,)
        connection.execute("select set_config('sangkien.issuing', 'on', true)")
        assert connection.execute(CANDIDATE).fetchone() == (1,)
        known = CANDIDATE.replace("other.test", "sso.test")
        assert connection.execute(known).fetchone() == (None,)
    with (
        psycopg.connect(with_role(filled, READER)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(CANDIDATE)
