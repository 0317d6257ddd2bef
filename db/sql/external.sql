-- Identities at external providers. A token has an issuer and a subject; these functions find its
-- account, one pair at a time, so that no caller can list identities.

-- The username of a pair's account.
create or replace function external_account(of_issuer text, of_subject text) returns text
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.username
    from external_identity e join account a on a.id = e.account_id
    where e.issuer = of_issuer and e.subject = of_subject;
end;

-- The account that a verified e-mail address links to: that of the only person with the address.
-- None if two people have it, if the account is linked at the provider already (an address may have
-- passed to somebody else there), or if the account has or will have the role ADMIN or AUDITOR.
create or replace function external_candidate(of_email text, of_issuer text, on_day date)
returns bigint
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.id from person p join account a on a.person_id = p.id
    where lower(p.email) = lower(of_email) and a.kind = 'PERSON' and a.disabled_at is null
        and issuing()
        and not exists (
            select from person o where lower(o.email) = lower(of_email) and o.id <> p.id)
        and not exists (
            select from external_identity e where e.account_id = a.id and e.issuer = of_issuer)
        and not exists (
            select from role_grant g
            where g.account_id = a.id and g.role in ('ADMIN', 'AUDITOR') and g.revoked_at is null
                and (g.valid_to is null or on_day <= g.valid_to));
end;

-- Changes of external identities are audited like all others; subjects and codes are masked as ***.
select audit_watch(name, 'Account', 'account_id') from (values
    ('external_identity'), ('link_code')
) as watched (name);
