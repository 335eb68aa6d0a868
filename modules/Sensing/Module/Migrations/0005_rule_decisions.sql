-- readable-by: 0.1.0
-- What people decided about single rules beyond on and off. A table of its own, so that the release before goes on reading rule_states as it knows it.
create table sensing.rule_tunings (
    gid integer not null,
    sid bigint not null,
    action text check (action in ('alert', 'drop', 'pass')),
    limit_kind text check (limit_kind in ('limit', 'threshold', 'both')),
    limit_track text check (limit_track in ('by_src', 'by_dst')),
    limit_count integer check (limit_count between 1 and 65535),
    limit_seconds integer check (limit_seconds between 1 and 86400),
    note text not null default '',
    at timestamptz not null,
    by_name text not null,
    primary key (gid, sid),
    check (num_nulls(limit_kind, limit_track, limit_count, limit_seconds) in (0, 4))
);
comment on table sensing.rule_tunings is 'Action and limit that people put in the place of a rule''s own; survives updates of the source. Kept.';

alter table sensing.rule_sources add column every_hours integer not null default 24 check (every_hours between 1 and 720);

create table sensing.rule_changes (
    id uuid primary key,
    source_id uuid not null references sensing.rule_sources (id) on delete cascade,
    at timestamptz not null,
    by_name text not null,
    checksum text not null,
    added integer not null,
    removed integer not null,
    changed integer not null,
    rules integer not null,
    wrong integer not null,
    detail jsonb not null
);
comment on table sensing.rule_changes is 'What each version of a source changed against the one before, with the first two hundred rules by name. Rows leave after one year.';
create index rule_changes_source on sensing.rule_changes (source_id, at desc);

-- A suppression may also stop the rule where it is: then nothing is alerted, counted or kept.
alter table sensing.auto_close_rules add column on_sensors boolean not null default false;
alter table sensing.auto_close_rules add column lifted_at timestamptz;
comment on column sensing.auto_close_rules.lifted_at is 'When the sensors were told that an ended rule no longer holds them back.';

alter table sensing.indicators add column ended_at timestamptz;
comment on column sensing.indicators.ended_at is 'When the sensors were told to look for it no longer: its validity ended, or a person ended it.';
alter table sensing.indicators add column ended_by text;
create index alert_groups_signature on sensing.alert_groups (last_received, gid, sid);
