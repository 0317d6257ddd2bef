-- As for all tables of identity: for the writer role only, and in the issuer's own transactions.
do $$
declare
    name text;
begin
    foreach name in array array['external_identity', 'link_code'] loop
        execute format('alter table %I enable row level security', name);
        execute format(
            'create policy issuing on %I to sangkien_writer'
            ' using ((select issuing())) with check ((select issuing()))', name
        );
    end loop;
end
$$;

-- The command line creates codes and removes links: it is the owner, and needs no grant.
grant select, insert on external_identity to sangkien_writer;
grant select, update, delete on link_code to sangkien_writer;

revoke execute on function
    external_account(text, text), external_candidate(text, text, date)
from public;
grant execute on function external_candidate(text, text, date) to sangkien_writer;
grant execute on function external_account(text, text) to sangkien_reader;
