-- The PostgreSQL image runs this file once, as its superuser, on an empty data folder. It creates
-- the roles of the API, each with the password of its secret, and a database of the owner. No role
-- is a superuser or may create roles; `sangkien migrate`, as the owner, does the rest.
\set ON_ERROR_STOP on
\set owner_password `cat "${SECRETS:-/run/secrets}/owner"`
\set reader_password `cat "${SECRETS:-/run/secrets}/reader"`
\set writer_password `cat "${SECRETS:-/run/secrets}/writer"`

create role sangkien_owner login password :'owner_password';
create role sangkien_reader login noinherit password :'reader_password';
create role sangkien_writer login noinherit password :'writer_password';

-- The settings of db/sql/roles.sql, which need a right that the owner does not have.
alter role sangkien_reader set default_transaction_read_only = on;
alter role sangkien_reader set statement_timeout = '10s';
alter role sangkien_reader set jit = off;
alter role sangkien_writer set statement_timeout = '30s';
alter role sangkien_writer set jit = off;

create database sangkien owner sangkien_owner;
revoke connect on database sangkien from public;
grant connect on database sangkien to sangkien_reader, sangkien_writer;
\connect sangkien
revoke all on schema public from public;
grant usage, create on schema public to sangkien_owner;
grant usage on schema public to sangkien_reader, sangkien_writer;
create extension ltree schema public;
create extension pg_trgm schema public;
create extension btree_gist schema public;
