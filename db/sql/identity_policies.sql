-- Only the writer role, and only in the issuer's own transactions, sees any of these tables.
do $$
declare
    name text;
begin
    foreach name in array array[
        'oauth_client', 'consent', 'token_family', 'authorization_code', 'refresh_token',
        'browser_session', 'known_device', 'sign_in_attempt', 'invitation', 'totp_secret',
        'recovery_code', 'audit_allowance'
    ] loop
        execute format('alter table %I enable row level security', name);
        execute format(
            'create policy issuing on %I to sangkien_writer'
            ' using ((select issuing())) with check ((select issuing()))', name
        );
    end loop;
end
$$;

-- The command line, as owner, manages clients, and the second factors of other accounts.
grant select on oauth_client to sangkien_writer;
grant select, insert, update on consent to sangkien_writer;
grant select, insert, update, delete
    on authorization_code, refresh_token, browser_session, known_device, sign_in_attempt,
       totp_secret, recovery_code, audit_allowance
    to sangkien_writer;
grant select, insert, update (revoked_at), delete on token_family to sangkien_writer;
grant select, update, delete on invitation to sangkien_writer;

revoke execute on function
    identity_account(bigint, text, date), identity_set_password(bigint, text),
    revoked_families(timestamptz), identity_sweep(timestamptz, int),
    identity_note(text, text, bigint, jsonb)
from public;
grant execute on function
    identity_account(bigint, text, date), identity_set_password(bigint, text),
    revoked_families(timestamptz), identity_sweep(timestamptz, int),
    identity_note(text, text, bigint, jsonb)
to sangkien_writer;
grant execute on function revoked_families(timestamptz) to sangkien_reader;
