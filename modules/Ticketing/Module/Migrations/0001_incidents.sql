-- readable-by: 0.1.0
create schema ticketing;

create table ticketing.numbers (
    year integer primary key,
    last integer not null
);
comment on table ticketing.numbers is 'The last incident number of each year. Taken in the transaction that opens the incident, so that no number is skipped.';

create table ticketing.incidents (
    id uuid primary key,
    number text not null unique,
    title text not null,
    summary text not null default '',
    state text not null check (state in ('new', 'triage', 'in-progress', 'waiting', 'resolved', 'closed')),
    outcome text check (outcome in ('resolved', 'false-positive', 'duplicate', 'out-of-scope')),
    severity smallint not null check (severity between 1 and 4),
    rsit_type text not null,
    rsit_version integer not null,
    source text not null check (source in ('alert', 'report', 'form', 'api')),
    owner_id uuid,
    owner_name text,
    constituents uuid[] not null default '{}',
    constituent_names text[] not null default '{}',
    from_alerts uuid unique,
    first_seen timestamptz,
    opened_at timestamptz not null,
    changed_at timestamptz not null,
    changed_by text not null,
    state_since timestamptz not null,
    due_at timestamptz,
    confirmed_at timestamptz,
    closed_at timestamptz,
    version integer not null default 1,
    tlp smallint not null check (tlp between 0 and 4),
    pap smallint not null check (pap between 0 and 3),
    exercise boolean not null,
    named uuid[] not null default '{}',
    words tsvector generated always as (to_tsvector('simple', number || ' ' || title || ' ' || summary)) stored
);
comment on table ticketing.incidents is 'Incidents. Kept for ever: they are the memory of the team.';
create index incidents_open on ticketing.incidents (severity, opened_at desc, id desc) where closed_at is null;
create index incidents_all on ticketing.incidents (severity, opened_at desc, id desc);
create index incidents_owner on ticketing.incidents (owner_id) where closed_at is null;
create index incidents_due on ticketing.incidents (due_at) where closed_at is null;
create index incidents_constituents on ticketing.incidents using gin (constituents);
create index incidents_words on ticketing.incidents using gin (words);

create table ticketing.timeline (
    id uuid primary key,
    incident_id uuid not null references ticketing.incidents (id),
    at timestamptz not null,
    kind text not null,
    internal boolean not null,
    actor_id uuid not null,
    actor_name text not null,
    text text not null default '',
    detail jsonb not null default '{}',
    mail_id uuid,
    event_id uuid unique
);
comment on table ticketing.timeline is 'What happened to an incident. Kept with it; only added to.';
create index timeline_incident on ticketing.timeline (incident_id, at, id);

create table ticketing.observables (
    incident_id uuid not null references ticketing.incidents (id),
    type text not null,
    value text not null,
    source text not null,
    added_at timestamptz not null,
    primary key (incident_id, type, value)
);
comment on table ticketing.observables is 'Technical traces of an incident. Kept with it.';
create index observables_value on ticketing.observables (value);

create table ticketing.parties (
    incident_id uuid not null references ticketing.incidents (id),
    address text not null check (address = lower(address)),
    name text not null default '',
    role text not null check (role in ('reporter', 'constituent', 'other')),
    primary key (incident_id, address)
);
comment on table ticketing.parties is 'Who takes part in an incident by mail: only their answers join its timeline by themselves. Kept with it.';

create table ticketing.reports (
    id uuid primary key,
    source text not null check (source in ('mail', 'form', 'api', 'phone')),
    state text not null check (state in ('new', 'attached', 'rejected')),
    received_at timestamptz not null,
    sender text not null default '',
    sender_name text not null default '',
    subject text not null,
    text text not null default '',
    unreadable boolean not null default false,
    mail_id uuid unique,
    incident_id uuid references ticketing.incidents (id),
    suggested_id uuid references ticketing.incidents (id),
    reason text,
    decided_by text,
    decided_at timestamptz,
    constituents uuid[] not null default '{}',
    constituent_names text[] not null default '{}',
    tlp smallint not null check (tlp between 0 and 4),
    pap smallint not null check (pap between 0 and 3),
    exercise boolean not null,
    named uuid[] not null default '{}'
);
comment on table ticketing.reports is 'What people and machines told the team. Kept for ever with their incidents; rejected ones leave two years after they were decided.';
create index reports_newest on ticketing.reports (received_at desc, id desc);
create index reports_new on ticketing.reports (received_at desc, id desc) where state = 'new';
create index reports_incident on ticketing.reports (incident_id) where incident_id is not null;

create table ticketing.report_observables (
    report_id uuid not null references ticketing.reports (id) on delete cascade,
    type text not null,
    value text not null,
    primary key (report_id, type, value)
);
comment on table ticketing.report_observables is 'Technical traces of a report. Leave with it.';
create index report_observables_value on ticketing.report_observables (value);

create table ticketing.messages (
    message_id text primary key,
    incident_id uuid references ticketing.incidents (id),
    report_id uuid references ticketing.reports (id) on delete cascade,
    seen_at timestamptz not null,
    check (incident_id is not null or report_id is not null)
);
comment on table ticketing.messages is 'Message-IDs of mail in and out: an answer finds its thread here. Leave with their report, else kept.';

create table ticketing.deliveries (
    mail_id uuid not null,
    recipient text not null,
    state text not null check (state in ('queued', 'held', 'sent', 'failed', 'unknown')),
    at timestamptz not null,
    primary key (mail_id, recipient)
);
comment on table ticketing.deliveries is 'Copy of the delivery state of mail that belongs to an incident. Kept with it.';

create table ticketing.links (
    from_id uuid not null references ticketing.incidents (id),
    to_id uuid not null references ticketing.incidents (id),
    kind text not null check (kind in ('related', 'duplicate-of')),
    at timestamptz not null,
    by_name text not null,
    primary key (from_id, to_id),
    check (from_id <> to_id)
);
comment on table ticketing.links is 'Incidents that belong together. Kept with them.';
create index links_to on ticketing.links (to_id);
