-- readable-by: 0.1.0
create table ticketing.templates (
    id uuid primary key,
    source_id uuid not null references ticketing.incidents (id),
    version integer not null default 1,
    name text not null,
    title text not null,
    summary text not null default '',
    rsit_type text,
    severity smallint check (severity between 1 and 4),
    impact smallint check (impact between 1 and 3),
    urgency smallint check (urgency between 1 and 3),
    carries_marking boolean not null,
    tasks jsonb not null default '[]' check (jsonb_typeof(tasks) = 'array'),
    notes text[] not null default '{}',
    retired_at timestamptz,
    changed_at timestamptz not null,
    changed_by text not null,
    tlp smallint not null check (tlp between 0 and 4),
    pap smallint not null check (pap between 0 and 3),
    exercise boolean not null,
    named uuid[] not null default '{}'
);
comment on table ticketing.templates is 'What a new incident can begin with, made from another one without its parties and traces; wears the label of that one. Kept until retired, and then for who asks.';
