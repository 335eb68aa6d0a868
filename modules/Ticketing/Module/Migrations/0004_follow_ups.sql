-- readable-by: 0.1.0
create table ticketing.follow_ups (
    id uuid primary key,
    kind text not null check (kind in ('investigation', 'countermeasure')),
    state text not null,
    title text not null,
    party text not null default '',
    due_at timestamptz,
    opened_at timestamptz not null,
    opened_by text not null,
    changed_at timestamptz not null,
    changed_by text not null,
    check (state in ('open', 'resolved') and kind = 'investigation'
        or state in ('pending-activation', 'active', 'pending-removal', 'removed') and kind = 'countermeasure')
);
comment on table ticketing.follow_ups is 'Questions to third parties and measures against an attack. Kept with their incidents.';
create index follow_ups_open on ticketing.follow_ups (due_at, id) where state not in ('resolved', 'removed');

create table ticketing.follow_up_incidents (
    follow_up_id uuid not null references ticketing.follow_ups (id),
    incident_id uuid not null references ticketing.incidents (id),
    primary key (follow_up_id, incident_id)
);
comment on table ticketing.follow_up_incidents is 'Which incidents a follow-up serves: one for an investigation, at least one for a countermeasure. Kept with them.';
create index follow_up_incidents_incident on ticketing.follow_up_incidents (incident_id);
