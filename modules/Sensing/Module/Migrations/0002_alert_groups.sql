-- readable-by: 0.1.0
create table sensing.alert_groups (
    id uuid primary key,
    gid integer not null,
    sid bigint not null,
    rev integer not null,
    signature text not null,
    category text not null,
    src inet,
    dst inet,
    exercise boolean not null default false,
    severity smallint not null,
    count bigint not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    first_received timestamptz not null,
    last_received timestamptz not null,
    sensor_id smallint not null,
    proto text,
    app_proto text,
    src_port integer,
    dst_port integer,
    name text,
    replay text,
    base_score smallint not null,
    score smallint not null,
    reasons text[] not null,
    state text not null default 'open' check (state in ('open', 'snoozed', 'escalated', 'closed')),
    live boolean not null default true,
    verdict text check (verdict in ('true', 'benign', 'false', 'duplicate', 'auto')),
    reason text,
    closed_by_rule uuid,
    snoozed_until timestamptz,
    owner_id uuid,
    owner_name text,
    incident_id uuid,
    incident_number text,
    src_constituent uuid,
    src_constituent_name text,
    dst_constituent uuid,
    dst_constituent_name text,
    constituents uuid[] not null default '{}',
    tlp smallint not null default 2,
    pap smallint not null default 2,
    named uuid[] not null default '{}',
    check (live or state = 'closed')
);
comment on table sensing.alert_groups is 'One signature between one source and one destination. live: new alerts join it. Closed groups leave with their last alert.';
-- Alerts without addresses (decoder events) form groups too, hence nulls are equal here.
create unique index alert_groups_live on sensing.alert_groups (gid, sid, src, dst, exercise) nulls not distinct where live;
create index alert_groups_view on sensing.alert_groups (state, score desc, last_received desc, id desc);
create index alert_groups_received on sensing.alert_groups (state, last_received);
create index alert_groups_sid on sensing.alert_groups (sid, last_received);
create index alert_groups_src on sensing.alert_groups (src, last_received);
create index alert_groups_dst on sensing.alert_groups (dst, last_received);
create index alert_groups_auto on sensing.alert_groups (closed_by_rule) where live and state = 'closed';
create index alert_groups_snoozed on sensing.alert_groups (snoozed_until) where state = 'snoozed';

create table sensing.group_hours (
    group_id uuid not null references sensing.alert_groups (id) on delete cascade,
    hour timestamptz not null,
    alerts bigint not null,
    primary key (group_id, hour)
);
comment on table sensing.group_hours is 'Alerts per group and hour of arrival, for the sparkline. Rows leave with their group.';

create table sensing.signatures (
    gid integer not null,
    sid bigint not null,
    rev integer not null,
    signature text not null,
    category text not null,
    severity smallint not null,
    first_received timestamptz not null,
    last_received timestamptz not null,
    alerts bigint not null,
    primary key (gid, sid)
);
comment on table sensing.signatures is 'Every signature that ever alerted here. Kept.';

create table sensing.group_history (
    id uuid primary key,
    group_id uuid not null references sensing.alert_groups (id) on delete cascade,
    act_id uuid not null,
    at timestamptz not null,
    actor_id uuid not null,
    actor_name text not null,
    action text not null check (action in ('escalated', 'closed', 'snoozed', 'assigned', 'reopened', 'undone', 'suppressed', 'incident-opened', 'incident-closed')),
    note text not null default '',
    state_before text,
    before jsonb
);
comment on table sensing.group_history is 'What was done to a group, and how it was before, for undo. Rows leave with their group.';
create index group_history_group on sensing.group_history (group_id, at);
create index group_history_act on sensing.group_history (act_id);

create table sensing.auto_close_rules (
    id uuid primary key,
    gid integer not null,
    sid bigint,
    signature text not null default '',
    src cidr,
    dst cidr,
    reason text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    author_id uuid not null,
    author_name text not null,
    hits bigint not null default 0,
    last_hit_at timestamptz,
    removed_at timestamptz,
    removed_by text,
    check (sid is not null or src is not null or dst is not null)
);
comment on table sensing.auto_close_rules is 'Alerts that are closed as they arrive, by whom, why and until when. Rows leave one year after their end.';
