-- readable-by: 0.1.0
-- What each sensor did in ten minutes, by its own clock, written with the batch that brings the heartbeat. A span without a row is a span of silence.
create table sensing.sensor_spans (
    sensor_id smallint not null references sensing.sensors (id),
    at timestamptz not null,
    heartbeats integer not null,
    packets bigint not null,
    bytes bigint not null,
    drops jsonb not null default '{}',
    delay_seconds double precision,
    primary key (sensor_id, at)
);
comment on table sensing.sensor_spans is 'Packets, bytes, losses by stage and the longest delay of each sensor per ten minutes. Rows leave after 30 days.';
create index sensor_spans_at on sensing.sensor_spans (at);
