-- readable-by: 0.1.0
create table ticketing.handovers (
    id uuid primary key,
    at timestamptz not null,
    by_id uuid not null,
    by_name text not null,
    text text not null,
    accepted_at timestamptz,
    accepted_by uuid,
    accepted_name text,
    answer text not null default '',
    tlp smallint not null check (tlp between 0 and 4),
    pap smallint not null check (pap between 0 and 3),
    exercise boolean not null,
    named uuid[] not null default '{}',
    check ((accepted_at is null) = (accepted_by is null) and (accepted_at is null) = (accepted_name is null))
);
comment on table ticketing.handovers is 'What one shift tells the next, and who took it over. Leaves after 730 days.';
create index handovers_at on ticketing.handovers (at);
create index handovers_waiting on ticketing.handovers (at) where accepted_at is null;

create table ticketing.handover_incidents (
    handover_id uuid not null references ticketing.handovers (id) on delete cascade,
    incident_id uuid not null references ticketing.incidents (id),
    primary key (handover_id, incident_id)
);
comment on table ticketing.handover_incidents is 'The incidents that a handover points to. Kept with it.';
