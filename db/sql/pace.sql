-- Pace of a target within a window, both days included. The same as db/rules/pace.py, which
-- explains it.
create or replace function pace(
    achieved bigint, target bigint, opens_on date, closes_on date, today date
) returns table (
    day bigint, days bigint, expected_by_today numeric, daily_rate numeric, required_rate numeric,
    projected_total bigint, projected_on date, status text
)
language sql immutable
begin atomic
    select w.day, w.days, round(target::numeric * w.day / w.days, 1),
        round(achieved::numeric / w.day, 2),
        case when w.day < w.days
            then round(greatest(target - achieved, 0)::numeric / (w.days - w.day), 2) end,
        p.total,
        case when achieved > 0 and achieved < target
            then today + least(ceil((target - achieved)::numeric * w.day / achieved), 36500)::int end,
        case
            when achieved >= target then 'ACHIEVED'
            when today > closes_on then 'MISSED'
            when p.total >= target then 'ON_TRACK'
            when p.total >= 0.8 * target then 'AT_RISK'
            else 'BEHIND'
        end
    from (
        -- nullif: PostgreSQL divides constants before it evaluates the condition below.
        select nullif(least(today, closes_on) - opens_on + 1, 0), closes_on - opens_on + 1
    ) as w (day, days)
    cross join lateral (
        select round(achieved::numeric * w.days / w.day)::bigint
    ) as p (total)
    where target is not null and today >= opens_on;
end;
