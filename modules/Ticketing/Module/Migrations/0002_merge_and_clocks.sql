-- readable-by: 0.1.0
-- A merged incident keeps its own rows and points at the one it became part of: taking the pointer away restores both exactly.
alter table ticketing.incidents
    add column merged_into uuid references ticketing.incidents (id),
    add column root_id uuid references ticketing.incidents (id),
    add column merge_act uuid,
    add column impact smallint check (impact between 1 and 3),
    add column urgency smallint check (urgency between 1 and 3),
    add column snoozed_until timestamptz,
    add column snooze_reason text,
    add column take_up_due_at timestamptz,
    add column taken_at timestamptz,
    add column resolve_due_at timestamptz,
    add column resolve_left_minutes integer,
    add column resolved_at timestamptz,
    add column escalated_at timestamptz,
    add constraint incidents_merged check ((merged_into is null) = (root_id is null) and merged_into <> id and root_id <> id);
comment on column ticketing.incidents.merged_into is 'The incident that this one was merged into, or null.';
comment on column ticketing.incidents.root_id is 'The last of the chain of merged_into: where this one is shown and worked on.';
comment on column ticketing.incidents.resolve_left_minutes is 'Working minutes left of the time to resolve while others are waited for; null while the clock runs.';
create index incidents_root on ticketing.incidents (root_id) where root_id is not null;
create index incidents_merged_into on ticketing.incidents (merged_into) where merged_into is not null;
create index incidents_late on ticketing.incidents (due_at) where closed_at is null and escalated_at is null;

create table ticketing.acts (
    id uuid primary key,
    at timestamptz not null,
    by_id uuid not null,
    by_name text not null,
    kind text not null check (kind in ('merge', 'change')),
    target_id uuid references ticketing.incidents (id),
    detail jsonb not null default '{}',
    undone_at timestamptz,
    undone_by text
);
comment on table ticketing.acts is 'Acts on several incidents that can be taken back at any later time. Kept with their incidents.';
create index acts_newest on ticketing.acts (at desc, id desc);

create table ticketing.act_items (
    act_id uuid not null references ticketing.acts (id),
    incident_id uuid not null references ticketing.incidents (id),
    version integer not null,
    before jsonb not null,
    primary key (act_id, incident_id)
);
comment on table ticketing.act_items is 'What each incident was before the act, and its version after it: an incident that was changed since is left alone by the undo. Kept with the act.';
create index act_items_incident on ticketing.act_items (incident_id);
