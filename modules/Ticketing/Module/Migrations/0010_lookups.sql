-- readable-by: 0.1.0
create table ticketing.lookups (
    incident_id uuid not null references ticketing.incidents (id),
    kind text not null check (kind in ('rdap', 'dns')),
    type text not null,
    value text not null,
    state text not null check (state in ('queued', 'answered', 'absent', 'failed')),
    asked_at timestamptz not null,
    asked_by uuid not null,
    asked_name text not null,
    tries int not null default 0,
    next_at timestamptz not null,
    answered_at timestamptz,
    server text not null default '',
    answer jsonb,
    reason text not null default '',
    primary key (incident_id, kind, type, value)
);
comment on table ticketing.lookups is 'What was asked outside about a trace of an incident, and the last answer. Kept as long as the incident.';
create index lookups_known on ticketing.lookups (kind, type, value, answered_at) where state in ('answered', 'absent');
create index lookups_waiting on ticketing.lookups (next_at) where state = 'queued';
