-- The faults that `sangkien verify` finds in the audit log. Every event contains the hash of the
-- previous one, and a chain's head that of the last one. db/verify_audit.py reads them.

-- Each event beside its neighbours. `sound`: its hash matches its content. `vouched`: the following
-- event, or the head, repeats its hash; `unbelieved`: the following event does not, but is not
-- sound itself.
create or replace view verify_audit_event as
with chained as (
    select e.ctid as place, e.id, e.shard, e.sequence, e.hash, e.hash = audit_hash(e) as sound,
        e.previous_hash, e.sequence - lag(e.sequence, 1, 0::bigint) over chain as step,
        lead(e.sequence) over chain - e.sequence as step_after,
        lead(e.previous_hash) over chain as repeated
    from audit_event e
    window chain as (partition by e.shard order by e.sequence, e.id)
)
select c.place, c.id, c.shard, c.sequence, c.hash, c.step, c.step_after is null as is_last,
    c.sound and (c.sequence <> 1 or c.previous_hash = audit_genesis(c.shard)) as sound,
    case
        when c.step_after = 1 then c.repeated = c.hash or not c.sound_after
        when c.step_after is null and c.sequence = h.sequence then h.hash = c.hash
        else true
    end as vouched,
    coalesce(c.step_after = 1 and c.repeated <> c.hash and not c.sound_after, false) as unbelieved,
    coalesce(c.sequence > h.sequence, false) as beyond_head
from (
    select *, lead(sound) over (partition by shard order by sequence, id) as sound_after
    from chained
) c
left join audit_head h on h.shard = c.shard;

-- One row for each fault: the event, or null where no event remains, and the fault.
create or replace view verify_audit as
with noted as materialized (
    select *, not (sound and vouched) or step <> 1 or beyond_head or unbelieved as suspect
    from verify_audit_event
    where not (sound and vouched) or step <> 1 or beyond_head or unbelieved or is_last
),
-- A head with the last event's hash, but another number, was altered itself.
ended as materialized (
    select shard, h.sequence as head, coalesce(n.sequence, 0) as last, case
        when h.shard is null then 'head removed'
        when shard not between 0 and audit_shards() - 1 then 'head inserted'
        when h.hash = n.hash and h.sequence <> n.sequence and n.sound then 'head altered'
        when h.sequence = 0 and h.hash <> audit_genesis(shard) then 'head altered'
        when h.sequence > coalesce(n.sequence, 0) then
            format('%s removed at the end, after number %s',
                   h.sequence - coalesce(n.sequence, 0), coalesce(n.sequence, 0))
    end as fault
    from generate_series(0, audit_shards() - 1) as every (shard)
    full join audit_head h using (shard)
    full join (select * from noted where is_last) n using (shard)
),
-- Places where misplaced events may have been before: those of other suspects, and gaps.
few as (select * from noted where suspect order by shard, sequence limit 300),
place as (
    select shard, sequence from few
    union
    select shard, generate_series(sequence - step + 1, sequence - greatest(1, step - 20))
    from few where step > 1
    union
    select shard, generate_series(last + 1, least(head, last + 20)) from ended where head > last
),
moved as materialized (
    select f.place, p.shard, p.sequence
    from few f
    join audit_event e on e.ctid = f.place
    join place p on e.hash = audit_hash_at(e, p.shard, p.sequence)
    where not f.sound
)
select id as event_id, shard, sequence, fault
from noted s cross join lateral (
    select case
        when m.place is not null then
            format('reordered, it was number %s of chain %s', m.sequence, m.shard)
        when s.step < 1 or o.taken then 'inserted'
        when s.beyond_head
            and (select fault is distinct from 'head altered' from ended where shard = s.shard)
            then 'inserted'
        when not s.sound then 'altered'
        when not s.vouched and s.is_last then 'altered with its hash, or its chain''s head is'
        when not s.vouched then 'altered with its hash'
    end as fault
    from (select exists (
        select from moved where (shard, sequence) = (s.shard, s.sequence)) as taken) o
    left join moved m on m.place = s.place
    union all
    select format('%s removed before it', s.step - 1) where s.step > 1
) as found
where s.suspect and fault is not null
union all
select null, shard, head, fault from ended where fault is not null;
