-- readable-by: 0.1.0
create schema kernel;
create schema audit;

create table kernel.outbox_events (
    id uuid primary key,
    name text not null,
    version integer not null,
    aggregate text not null,
    body jsonb not null,
    occurred_at timestamptz not null
);
comment on table kernel.outbox_events is 'Facts between modules. Rows leave 30 days after their last delivery.';

create table kernel.outbox_deliveries (
    seq bigint generated always as identity primary key,
    event_id uuid not null references kernel.outbox_events (id) on delete cascade,
    subscription text not null,
    aggregate text not null,
    state text not null default 'waiting' check (state in ('waiting', 'done', 'parked', 'expired')),
    tries integer not null default 0,
    due_at timestamptz not null,
    done_at timestamptz,
    reason text,
    unique (event_id, subscription)
);
comment on table kernel.outbox_deliveries is 'One row per fact and subscription. Rows leave with their fact.';
create index outbox_deliveries_open on kernel.outbox_deliveries (subscription, aggregate, seq) where state in ('waiting', 'parked');
create index outbox_deliveries_due on kernel.outbox_deliveries (seq) where state = 'waiting';

create table audit.entries (
    id uuid primary key,
    at timestamptz not null,
    actor_id uuid not null,
    actor_name text not null,
    action text not null,
    subject text not null,
    detail jsonb not null
);
comment on table audit.entries is 'Who did what. Kept for ever; only added to.';
create index audit_entries_at on audit.entries (at desc, id desc);
create index audit_entries_subject on audit.entries (subject, at desc);

create table audit.seals (
    seq bigint primary key,
    entry_id uuid not null unique references audit.entries (id),
    hash bytea not null
);
comment on table audit.seals is 'Hash chain over audit.entries. Kept for ever; only added to.';
