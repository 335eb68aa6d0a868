-- readable-by: 0.1.0
create table watch.advisory_numbers (
    year integer primary key,
    last integer not null
);
comment on table watch.advisory_numbers is 'The last number given in each year. Kept for ever.';

create table watch.advisories (
    id uuid primary key,
    number text not null unique,
    state text not null default 'draft' check (state in ('draft', 'review', 'approved', 'published', 'withdrawn')),
    revision integer not null default 0,
    title text not null,
    severity smallint not null check (severity between 1 and 4),
    summary text not null,
    body text not null,
    cves text[] not null default '{}',
    observables jsonb not null default '[]',
    links text[] not null default '{}',
    language text not null,
    author_id uuid not null,
    author text not null,
    editors uuid[] not null default '{}',
    submitted_at timestamptz,
    approved_by text,
    approved_by_id uuid,
    approved_at timestamptz,
    returned_reason text,
    published_at timestamptz,
    withdrawn_at timestamptz,
    withdrawn_reason text,
    from_item uuid,
    version integer not null default 1,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    tlp smallint not null,
    pap smallint not null,
    exercise boolean not null,
    named uuid[] not null default '{}'
);
comment on table watch.advisories is 'Advisories over all their revisions; the row holds the text being worked on. Marked. Kept for ever.';
create index advisories_order on watch.advisories (changed_at desc, id desc);

create table watch.advisory_revisions (
    advisory_id uuid not null references watch.advisories (id),
    revision integer not null,
    title text not null,
    severity smallint not null,
    summary text not null,
    body text not null,
    cves text[] not null,
    observables jsonb not null,
    links text[] not null,
    language text not null,
    author text not null,
    approved_by text not null,
    published_at timestamptz not null,
    tlp smallint not null,
    pap smallint not null,
    exercise boolean not null,
    named uuid[] not null,
    primary key (advisory_id, revision)
);
comment on table watch.advisory_revisions is 'What was published, as it was published. Marked. Kept for ever; only added to.';

create table watch.subscribers (
    id uuid primary key,
    mail text not null,
    name text not null default '',
    language text not null default 'en',
    up_to_tlp smallint not null default 0 check (up_to_tlp between 0 and 3),
    added_by text not null,
    added_at timestamptz not null
);
comment on table watch.subscribers is 'Addresses beside the directory that receive advisories, each up to a marking. Leaves when removed.';
create unique index subscribers_once on watch.subscribers (lower(mail));

create table watch.deliveries (
    advisory_id uuid not null references watch.advisories (id),
    revision integer not null,
    mail_id uuid not null,
    address text not null,
    name text not null,
    list text not null check (list in ('directory', 'subscribers')),
    state text not null,
    queued_at timestamptz not null,
    changed_at timestamptz not null,
    primary key (mail_id, address)
);
comment on table watch.deliveries is 'Who was told of which revision and how far the message came. Kept with the advisory.';
create index deliveries_advisory on watch.deliveries (advisory_id, revision);

create table watch.acknowledgements (
    advisory_id uuid not null references watch.advisories (id),
    peer_id uuid not null,
    peer text not null,
    acknowledged_at timestamptz not null,
    received_at timestamptz not null,
    primary key (advisory_id, peer_id)
);
comment on table watch.acknowledgements is 'Peers that said they took an advisory. Kept with the advisory.';
