-- readable-by: 0.1.0
create schema sensing;

-- Record ids are handed out in blocks, one block a batch: order of arrival without a round trip per row.
create sequence sensing.record_ids increment by 10000 minvalue 10000;

create table sensing.sensors (
    id smallint generated always as identity primary key,
    name text not null unique,
    path text not null,
    kind text not null check (kind in ('folder', 'suricata')),
    present boolean not null default true,
    interfaces text[] not null default '{}',
    first_seen_at timestamptz not null default now(),
    started_at timestamptz,
    stopped_at timestamptz,
    version text,
    matcher text,
    can_capture boolean,
    heartbeat_at timestamptz,
    heartbeat jsonb,
    last_record_at timestamptz,
    last_packet_at timestamptz,
    delay_seconds double precision
);
comment on table sensing.sensors is 'One row per sensor folder that was ever configured. Kept.';

create table sensing.bookmarks (
    sensor_id smallint not null references sensing.sensors (id),
    stream text not null check (stream in ('alerts', 'events', 'eve')),
    segment bigint not null default 0,
    at_byte bigint not null default 0,
    read_on text not null default '',
    lines bigint not null default 0,
    records bigint not null default 0,
    mended bigint not null default 0,
    rejected bigint not null default 0,
    blank bigint not null default 0,
    read_at timestamptz,
    primary key (sensor_id, stream)
);
comment on table sensing.bookmarks is 'How far each stream was read, written in the transaction of the rows. lines = records + rejected + blank. Kept.';

create table sensing.rejects (
    id bigint generated always as identity primary key,
    received_at timestamptz not null,
    sensor_id smallint not null references sensing.sensors (id),
    stream text not null,
    segment bigint not null,
    at_byte bigint not null,
    length bigint not null,
    reason text not null,
    detail text not null default '',
    record_id bigint,
    line bytea not null,
    tlp smallint not null default 2,
    pap smallint not null default 2,
    exercise boolean not null default false,
    named uuid[] not null default '{}'
);
comment on table sensing.rejects is 'Lines that PostgreSQL or JSON refuses as they are, byte for byte; record_id names the mended copy where there is one. Rows leave after 30 days.';
create index rejects_received on sensing.rejects (received_at, id);

create table sensing.alerts (
    id bigint primary key,
    group_id uuid not null,
    received_at timestamptz not null,
    seen_at timestamptz not null,
    sensor_id smallint not null,
    gid integer not null,
    sid bigint not null,
    severity smallint not null,
    src inet,
    src_port integer,
    dst inet,
    dst_port integer,
    proto text,
    app_proto text,
    flow_id bigint,
    name text,
    replay text,
    raw jsonb not null,
    tlp smallint not null default 2,
    pap smallint not null default 2,
    exercise boolean not null default false,
    named uuid[] not null default '{}'
);
comment on table sensing.alerts is 'Tier 1: every alert with the flow and protocol record it names. Rows leave after one year.';
create index alerts_group on sensing.alerts (group_id, id);
create index alerts_src on sensing.alerts (src, id);
create index alerts_dst on sensing.alerts (dst, id);
create index alerts_flow on sensing.alerts (flow_id);
create index alerts_received on sensing.alerts using brin (received_at);

create table sensing.events (
    id bigint not null,
    received_at timestamptz not null,
    seen_at timestamptz not null,
    sensor_id smallint not null,
    type text not null,
    src inet,
    src_port integer,
    dst inet,
    dst_port integer,
    proto text,
    app_proto text,
    flow_id bigint,
    name text,
    replay text,
    raw jsonb not null,
    tlp smallint not null default 2,
    pap smallint not null default 2,
    exercise boolean not null default false,
    named uuid[] not null default '{}'
) partition by range (received_at);
comment on table sensing.events is 'Tier 2: all other records, one partition an hour of arrival. The oldest partitions leave whole when the byte budget is reached.';
create index events_received on sensing.events (received_at, id);
create index events_src on sensing.events (src, received_at);
create index events_dst on sensing.events (dst, received_at);
create index events_flow on sensing.events (flow_id);
create index events_seen on sensing.events using brin (seen_at);

create table sensing.hourly (
    hour timestamptz not null,
    sensor_id smallint not null,
    type text not null,
    severity smallint not null default 0,
    records bigint not null,
    bytes bigint not null,
    primary key (hour, sensor_id, type, severity)
);
comment on table sensing.hourly is 'Tier 3: records per hour of arrival, sensor, type and, for alerts, severity. Kept.';

create table sensing.assets (
    address inet primary key,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    records bigint not null,
    constituent uuid,
    constituent_name text
);
comment on table sensing.assets is 'Tier 3: addresses of our own networks, when each was first and last seen. Kept.';
create index assets_last_seen on sensing.assets (last_seen);

-- The application role owns no tables, so hours come and go through these two, which do nothing else. Run as the owner of the schema.
create function sensing.add_hour(at timestamptz) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
declare
    start timestamptz := date_trunc('hour', at, 'UTC');
    part text := 'events_' || to_char(start at time zone 'UTC', 'YYYYMMDDHH24');
begin
    if at is null or at < now() - interval '2 days' or at > now() + interval '2 days' then
        raise exception 'add_hour takes an hour within two days of now, not %', at using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(hashtext('sensing.hours'));
    if to_regclass(format('sensing.%I', part)) is null then
        execute format('create table sensing.%I (like sensing.events including defaults including comments)', part);
        -- With this constraint the attachment needs no scan and does not block readers or writers of the other hours.
        execute format('alter table sensing.%I add constraint %I check (received_at >= %L and received_at < %L)', part, part || '_hour', start, start + interval '1 hour');
        execute format('alter table sensing.events attach partition sensing.%I for values from (%L) to (%L)', part, start, start + interval '1 hour');
        execute format('alter table sensing.%I drop constraint %I', part, part || '_hour');
    end if;
    return part;
end
$body$;

create function sensing.drop_hour(part text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $body$
declare
    freed bigint;
begin
    if part is null or part !~ '^events_[0-9]{10}$' then
        raise exception 'drop_hour takes a name like events_2026112118, not %', part using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(hashtext('sensing.hours'));
    if not exists (
        select from pg_inherits i
        where i.inhparent = 'sensing.events'::regclass and i.inhrelid = to_regclass(format('sensing.%I', part))
    ) then
        return 0;
    end if;
    if part = 'events_' || to_char(now() at time zone 'UTC', 'YYYYMMDDHH24') then
        raise exception 'the open hour % cannot be dropped', part using errcode = 'object_in_use';
    end if;
    freed := pg_total_relation_size(format('sensing.%I', part));
    execute format('drop table sensing.%I', part);
    return freed;
end
$body$;
revoke all on function sensing.add_hour(timestamptz) from public;
revoke all on function sensing.drop_hour(text) from public;
