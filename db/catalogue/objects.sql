-- Every object of the schema `public` that migrations create, with its definition: one row each, as
-- text that does not depend on PostgreSQL's version, on object ids, or on the names of roles.
-- db/catalogue runs it and compares the rows with those expected.
with role (oid, name) as (
    select oid, case rolname when :reader then 'reader' when :writer then 'writer'
        when :owner then 'owner' else quote_ident(rolname) end
    from pg_roles
    union all
    select 0, 'PUBLIC'
),
-- Objects that belong to an extension are left out.
of_extension as (
    select classid, objid from pg_depend
    where deptype = 'e' and refclassid = 'pg_extension'::regclass
),
relation as (
    select c.* from pg_class c
    where c.relnamespace = 'public'::regnamespace
        and (c.tableoid, c.oid) not in (select classid, objid from of_extension)
),
routine as (
    select p.* from pg_proc p
    where p.pronamespace = 'public'::regnamespace
        and (p.tableoid, p.oid) not in (select classid, objid from of_extension)
),
owned (kind, name, owner) as (
    select case relkind when 'v' then 'view' when 'S' then 'sequence' when 'c' then 'type'
        when 'r' then 'table' else 'relation ' || relkind::text end, relname::text, relowner
    from relation where relkind not in ('i', 't')
    union all
    select 'function', format('%s(%s)', proname, pg_get_function_identity_arguments(oid)), proowner
    from routine
),
privilege (object, part, acl, owner) as (
    select relname::text, null, relacl, relowner
    from relation where relkind not in ('i', 't', 'c')
    union all
    select relname, attname::text, attacl, relowner
    from relation r join pg_attribute a on a.attrelid = r.oid where attacl is not null
    union all
    select format('%s(%s)', proname, pg_get_function_identity_arguments(oid)), null,
        coalesce(proacl, acldefault('f', proowner)), proowner
    from routine
    union all
    select 'schema public', null, coalesce(nspacl, acldefault('n', nspowner)), nspowner
    from pg_namespace where nspname = 'public'
),
object (kind, name, definition) as (
    select 'owner of ' || kind as kind, o.name, r.name as definition
    from owned o join role r on r.oid = o.owner
    union all
    select 'table', relname, concat_ws(', ',
        case when relrowsecurity then 'row-level security' end,
        case when relforcerowsecurity then 'forced' end,
        case when relpersistence <> 'p' then 'not durable' end)
    from relation where relkind = 'r'
    union all
    select 'column', format('%s.%s', relname, attname), concat_ws(' ',
        format_type(atttypid, atttypmod),
        case when attcollation <> (select typcollation from pg_type where oid = atttypid)
            then 'collate ' || (select collname from pg_collation where oid = attcollation) end,
        case when attnotnull then 'not null' end,
        nullif(attidentity, ''), nullif(attgenerated, ''), pg_get_expr(adbin, adrelid))
    from relation r
    join pg_attribute a on a.attrelid = r.oid and attnum > 0 and not attisdropped
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where relkind in ('r', 'c')
    union all
    -- PostgreSQL 18 also has constraints for NOT NULL; the column's definition includes it.
    select 'constraint', format('%s.%s', relname, conname), pg_get_constraintdef(c.oid)
    from pg_constraint c join relation r on r.oid = c.conrelid where contype not in ('n', 't')
    union all
    select 'index', relname, concat_ws(' ',
        pg_get_indexdef(r.oid), case when not indisvalid then 'invalid' end)
    from relation r join pg_index i on i.indexrelid = r.oid
    union all
    select 'sequence', relname, concat_ws(' ',
        format_type(seqtypid, null), seqstart, seqincrement, seqmin, seqmax, seqcycle)
    from relation r join pg_sequence s on s.seqrelid = r.oid
    union all
    select 'view', relname, concat_ws(' ', reloptions::text, pg_get_viewdef(oid))
    from relation where relkind = 'v'
    union all
    select 'trigger', format('%s.%s', relname, tgname), concat_ws(' ',
        pg_get_triggerdef(t.oid),
        case tgenabled when 'O' then null when 'D' then 'disabled' else tgenabled::text end)
    from relation r join pg_trigger t on t.tgrelid = r.oid
    where not tgisinternal
    union all
    -- PostgreSQL's own triggers for foreign keys are listed only where they are disabled.
    select 'trigger', format('%s.%s', relname, conname), 'disabled'
    from relation r join pg_trigger t on t.tgrelid = r.oid
    join pg_constraint c on c.oid = t.tgconstraint
    where tgisinternal and tgenabled <> 'O'
    union all
    select 'rule', format('%s.%s', relname, rulename), pg_get_ruledef(w.oid)
    from relation r join pg_rewrite w on w.ev_class = r.oid where rulename <> '_RETURN'
    union all
    select 'policy', format('%s.%s', relname, polname), concat_ws(' ',
        polcmd, case when not polpermissive then 'restrictive' end,
        (select string_agg(name, ',' order by name) from role where oid = any (polroles)),
        'using', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid))
    from relation r join pg_policy p on p.polrelid = r.oid
    union all
    select 'function', format('%s(%s)', proname, pg_get_function_identity_arguments(r.oid)),
        concat_ws(' ', pg_get_function_arguments(r.oid), pg_get_function_result(r.oid), prokind,
        lanname, provolatile, proparallel, proisstrict, prosecdef, proleakproof, procost, prorows,
        proconfig::text, coalesce(pg_get_function_sqlbody(r.oid), prosrc))
    from routine r join pg_language l on l.oid = prolang
    union all
    select 'grant', format('%s on %s to %s', privilege_type, object, r.name), concat_ws(' ',
        string_agg(part, ',' order by part collate "C"),
        case when bool_or(is_grantable) then 'with grant option' end)
    from privilege p cross join aclexplode(acl) a join role r on r.oid = a.grantee
    where a.grantee <> p.owner and r.name <> 'owner'
    group by privilege_type, object, part is null, r.name
    union all
    select 'extension', extname::text, nspname
    from pg_extension join pg_namespace n on n.oid = extnamespace
    where extname in ('ltree', 'pg_trgm', 'btree_gist')
    union all
    select 'role', r.name, concat_ws(' ',
        case when rolsuper then 'superuser' end, case when rolbypassrls then 'bypassrls' end)
    from role r join pg_roles p on p.oid = r.oid where r.name in ('reader', 'writer')
)
-- PostgreSQL prints a list of strings differently after a dump and restore; unify both forms.
select kind, name, regexp_replace(
    regexp_replace(definition, '\(ARRAY\[([^]]*)\]\)::text\[\]', 'ARRAY[\1]', 'g'),
    '\((''[^'']*''::character varying)\)::text', '\1', 'g'
) as definition
from object
