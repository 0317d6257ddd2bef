-- Text without diacritics, for search and for sorting. The result is the same in every locale of a
-- database: combining marks are removed, đ becomes d, and only A-Z are lowercased (collation "C").
-- The same as db/rules/text.py.
create or replace function fold(value text) returns text
language sql immutable strict parallel safe
return lower(
    translate(regexp_replace(normalize(value, NFD), '[\u0300-\u036f]', '', 'g'), 'Đđ', 'dd')
    collate "C"
);

-- The text of an initiative for search and for comparison with others.
create or replace function wording(title text, summary text) returns text
language sql immutable strict parallel safe
return fold(title || ' ' || summary);
