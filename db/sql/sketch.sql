-- A sketch of a text: triples of some of its words, so that texts which share most of their words,
-- in whatever order, have a key in common (docs/adr/0007-duplicates-by-sketch.md). Words are sorted
-- by their hashes, which is the same order for all texts, with ordinary words and numbers last. The
-- keys are all triples of the first `words` words, and of the first ones in the reversed order: a
-- wide sketch of a text has all keys of its narrow one. One or two words are repeated to make
-- three.
--
-- initiative_sketch stores sketches: after a change here all of them must be computed again.
-- `value` is folded (text.sql). The same as tests/oracle/sketch.py.
create or replace function sketch(value text, words int) returns int[]
language plpgsql immutable strict parallel safe set search_path = public, pg_temp as $$
declare
    low int[];
    high int[];
    keys int[] := '{}';
begin
    select array_agg(hash order by ordinary, hash), array_agg(hash order by ordinary, hash desc)
    into low, high
    from (
        -- Ordinary words are syllables that about one in ten texts or more contain.
        select distinct hashtext(word) as hash,
            word collate "C" < 'a' or word = any ('{
                an,ban,bang,bao,bi,bot,ca,cac,canh,cao,cap,chay,che,chi,cho,chuyen,co,con,cong,cu,
                cua,dai,dan,dau,day,de,den,di,diem,dieu,do,doan,doi,don,dong,du,dung,duoc,gap,gia,
                giam,gian,giao,gio,hang,het,hien,ho,hoa,hoc,hoi,hop,hut,ket,khi,kho,khoi,khong,
                kien,ky,la,lai,lam,lao,lieu,lo,loi,luc,luot,luu,ly,ma,mat,may,mo,moi,mot,mua,nam,
                nang,ngay,nguoi,nguyen,nhan,nhanh,nhap,nhieu,nho,nong,o,phan,phap,phu,qua,quy,san,
                sang,sap,sau,sinh,so,su,suat,tac,tai,tan,tang,thang,thanh,thao,thay,thep,thoi,thu,
                thuc,tinh,to,toan,ton,trieu,trinh,trong,tu,tuan,tung,tuyen,va,vao,vi,viec,voi,xu,
                xuat,xuong
            }'::text[]) as ordinary
        from unnest(string_to_array(
            translate(value, E'.,;:!?()[]/"''\t\n', '               '), ' '
        )) as word
        where word <> ''
    ) as hashed;
    if cardinality(low) < 3 then
        low := low || low || low;
        high := high || high || high;
    end if;
    for c in 1 .. least(words, coalesce(cardinality(low), 0)) loop
        for b in 1 .. c - 1 loop
            for a in 1 .. b - 1 loop
                keys := keys || (low[a] # (low[b] << 9) # (low[c] << 17))
                    || (high[a] # (high[b] << 9) # (high[c] << 17));
            end loop;
        end loop;
    end loop;
    return keys;
end
$$;

-- The sketch that is stored for an initiative.
create or replace function kept_sketch(title text, summary text) returns int[]
language sql immutable strict parallel safe
return sketch(wording(title, summary), 5);

-- The trigrams of a folded text (pg_trgm) as 512 bits: the number of bits that two texts have in
-- common estimates the number of shared trigrams, at a hundredth of the cost of their comparison.
create or replace function trigram_bits(value text) returns bit(512)
language plpgsql immutable strict parallel safe set search_path = public, pg_temp as $$
declare
    bits bit(512) := repeat('0', 512)::bit(512);
    trigram text;
begin
    foreach trigram in array show_trgm(value) loop
        bits := set_bit(bits, hashtext(trigram) & 511, 1);
    end loop;
    return bits;
end
$$;

-- The logarithm for an estimate of the number of trigrams in these bits: -512 times it, but for
-- rounding.
create or replace function bits_fill(bits bit) returns float8
language sql immutable strict parallel safe
return ln(1 - bit_count(bits) / 513::float8);

-- Whether the next text that an account submits is among its first 20 within an hour, for which the
-- writers see hidden initiatives that resemble it. Withdrawn initiatives count too, so that
-- repeated submissions and withdrawals are no way to test guesses.
create or replace function wording_within_limit(of_account bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select coalesce(sum(recent.wordings), 0) < 20
    from (
        select wordings from initiative_sketch
        where worded_by_id = of_account and worded_at > now() - interval '1 hour'
        limit 20
    ) as recent;
end;

-- Texts are indexed for search, and submitted ones for duplicates.
create or replace function initiative_worded() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into initiative_search (initiative_id, search)
    select id, wording(title, summary) from added;
    insert into initiative_sketch (initiative_id, keys, trigrams)
    select id, kept_sketch(title, summary), trigram_bits(wording(title, summary))
    from added where state not in ('DRAFT', 'WITHDRAWN');
    return null;
end
$$;

-- No text finds a sketch without keys: a withdrawn initiative keeps its row, which has the number
-- of its submitted wordings.
create or replace function initiative_reworded() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if (old.title, old.summary) is distinct from (new.title, new.summary) then
        update initiative_search set search = wording(new.title, new.summary)
        where initiative_id = new.id;
    end if;
    if new.state in ('DRAFT', 'WITHDRAWN') then
        update initiative_sketch set keys = '{}' where initiative_id = new.id;
    else
        insert into initiative_sketch as kept (
            initiative_id, keys, trigrams, worded_by_id, worded_at, within_limit
        ) values (
            new.id, kept_sketch(new.title, new.summary),
            trigram_bits(wording(new.title, new.summary)), caller(), now(),
            wording_within_limit(caller())
        )
        on conflict (initiative_id) do update
        set keys = excluded.keys, trigrams = excluded.trigrams, within_limit = excluded.within_limit,
            worded_by_id = excluded.worded_by_id, worded_at = excluded.worded_at,
            wordings = case
                when kept.worded_at > now() - interval '1 hour' then kept.wordings + 1 else 1 end;
    end if;
    return null;
end
$$;

create or replace trigger initiative_worded after insert on initiative
referencing new table as added for each statement execute function initiative_worded();
create or replace trigger initiative_reworded after update of title, summary, state on initiative
for each row when (
    old.title <> new.title or old.summary <> new.summary
    or (old.state in ('DRAFT', 'WITHDRAWN')) <> (new.state in ('DRAFT', 'WITHDRAWN'))
) execute function initiative_reworded();
