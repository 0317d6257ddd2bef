-- Prose as the log stores it: without e-mail addresses and telephone numbers, and with references
-- instead of the names of the people involved, in all spellings. Other names remain as written.
-- Expensive steps follow cheap checks that show whether there is anything to do.

-- A telephone number after its 0 or 84: nine digits, or ten that begin with 2.
create or replace function audit_subscriber() returns text
language sql immutable parallel safe
return '(?:[35789]\d(?:[ \u00a0./()–-]{0,2}\d){7}|2\d(?:[ \u00a0./()–-]{0,2}\d){8})(?!\d)';

-- Text that is certainly a telephone number. Dates and the numbers of decisions and initiatives
-- have a separator among their first three digits; a telephone number has one only in pairs or in
-- fours.
create or replace function audit_telephone() returns text
language sql immutable parallel safe
return '\(?(?:(?:\+|\m00)84[ \u00a0./()–-]{0,2}(?:0[ \u00a0./()–-]{0,2})?|\m0)' || audit_subscriber()
    || '|\m0[3-57-9](?:(?: \d\d){4}|(?:\.\d\d){4}|(?:-\d\d){4}|[ .-]\d{4}[ .-]?\d{4})(?!\d)';

-- Telephone numbers that begin with 84 and could be an amount: it is an amount if it is round, if
-- dots separate it, or if a currency follows.
create or replace function audit_telephone_or_amount() returns text
language sql immutable parallel safe
return '\(?\m84(?=[ \u00a0/()-]|\d{9})(?!(?: \d{3}){2} 000\M)'
    || '[ \u00a0/()-]{0,2}(?:0[ \u00a0./()–-]{0,2})?' || audit_subscriber()
    || '(?!\s?(?:[đĐ]ồng(?! chí)|[đĐ](?:[\s.,;)]|$)|[vV][nN][dDđĐ]))';

-- A name's shape without case and accents, as a pattern of LIKE: all but consonants and digits may
-- be any character, so no special character of a pattern remains.
create or replace function audit_shape(part text) returns text
language sql immutable strict parallel safe
return regexp_replace(lower(part collate "C"), '[^b-df-hj-np-tv-xz0-9]', '_', 'g');

-- The spellings of a name or another value in decomposed text, as a case-insensitive regular
-- expression: with any blanks, with the tone on the other vowel (Hòa, Hoà) and, for several words,
-- without accents. A single word without accents could be another word (Hải is a name, hai is two).
create or replace function audit_spellings(part text) returns text
language plpgsql immutable strict parallel safe set search_path = public, pg_temp as $$
declare
    -- Escape what could be a special character of an expression.
    plain constant text := regexp_replace(normalize(part, NFD), '[!-/:-@\[-`{-~]', '\\\&', 'g');
    tone constant text := '[\u0300\u0301\u0303\u0309\u0323]';
    spelt text := regexp_replace(
        plain, format('([oOuU])(?:(%1$s)([aeyAEY])|([aeyAEY])(%1$s))', tone),
        '\1(?:\2\5\3\4|\3\4\2\5)', 'g');
begin
    spelt := regexp_replace(spelt, '[đĐ]', '[đĐ]', 'g');
    if part ~ ' ' then
        spelt := spelt || '|' || fold(plain);
    end if;
    return regexp_replace(spelt, ' +', E'[ \\t\\n\\r\u00a0]+', 'g');
end
$$;

create or replace function audit_prose(prose text, people bigint[]) returns text
language plpgsql stable strict set search_path = public, pg_temp as $$
declare
    kept text := prose;
    lowered text;
    decomposed text;
    known record;
begin
    if kept ~ '[\u0300-\u036f]' then
        kept := normalize(kept, NFC);
    end if;
    kept := regexp_replace(kept, '[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>"]+', '***', 'g');
    kept := regexp_replace(kept, audit_telephone(), '***', 'g');
    if kept ~ '\m84' then
        kept := regexp_replace(kept, audit_telephone_or_amount(), '***', 'g');
    end if;
    lowered := lower(kept collate "C");
    if lowered ~ '[ \t\n\r\u00a0]{2}' then
        lowered := regexp_replace(lowered, '[ \t\n\r\u00a0]+', ' ', 'g');
    end if;
    -- The longest value first: a name may contain another one.
    for known in
        select p.id, said.part
        from person p cross join lateral (
            values (normalize(p.name, NFC), true), (p.code, false), (p.email, false), (p.phone, false)
        ) said (part, has_accents)
        where p.id = any (people) and case when has_accents
            then lowered like '%' || audit_shape(part) || '%'
            else strpos(lowered, lower(part collate "C")) > 0 end
        order by length(part) desc
    loop
        -- Not within another word, nor in a reference, which here begins with a character of its
        -- own.
        decomposed := regexp_replace(
            coalesce(decomposed, normalize(kept, NFD)),
            format('(^|[^a-z0-9đĐ\u0300-\u036f\ue000])(?:%s)(?![a-z0-9đĐ\u0300-\u036f])',
                   audit_spellings(known.part)),
            format(E'\\1\ue000%s', known.id), 'gi');
    end loop;
    return coalesce(replace(normalize(decomposed, NFC), E'\ue000', 'Person:'), kept);
end
$$;
