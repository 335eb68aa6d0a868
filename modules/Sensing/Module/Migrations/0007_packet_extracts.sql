-- readable-by: 0.1.0
create table sensing.extracts (
    id uuid primary key,
    group_id uuid not null,
    alert_id bigint not null,
    sensor_id smallint not null references sensing.sensors (id),
    state text not null check (state in ('queued', 'running', 'done', 'failed')),
    asked_at timestamptz not null,
    asked_by uuid not null,
    asked_by_name text not null,
    from_at timestamptz not null,
    to_at timestamptz not null,
    src inet not null,
    src_port integer,
    dst inet not null,
    dst_port integer,
    proto text,
    done_at timestamptz,
    file text,
    packets bigint,
    bytes bigint,
    first_packet timestamptz,
    last_packet timestamptz,
    ring_from timestamptz,
    truncated boolean,
    reason text,
    tlp smallint not null default 2,
    pap smallint not null default 2,
    exercise boolean not null default false,
    named uuid[] not null default '{}'
);
comment on table sensing.extracts is 'Packets of a conversation that someone asked a sensor for. The job has the id of the row. Rows leave after 30 days, the packets themselves by the sensor''s budget.';
create index extracts_alert on sensing.extracts (alert_id, asked_at desc);
create index extracts_open on sensing.extracts (state) where state in ('queued', 'running');
