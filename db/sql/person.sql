-- An e-mail address may link an external identity to the account of its person (external.sql). So
-- only the owner changes the address of a person with an account, and not the managers of the unit:
-- it would give them access to the account's roles at other units.
create or replace function person_email() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if row_security_active('public.person')
        and exists (select from account where person_id = new.id)
    then
        raise exception 'the address of person % is not the caller''s to change', new.id
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end
$$;

create or replace trigger person_email after update of email on person
for each row when (old.email is distinct from new.email) execute function person_email();
