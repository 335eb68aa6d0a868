-- readable-by: 0.1.0
create schema watch;

create table watch.feeds (
    id uuid primary key,
    name text not null check (length(name) between 1 and 200),
    url text not null default '',
    kind text not null check (kind in ('syndication', 'csv', 'carried')),
    every_minutes integer not null check (every_minutes between 5 and 10080),
    mapping jsonb not null default '{}',
    item_tlp smallint not null default 0,
    exercise boolean not null default false,
    state text not null default 'waiting' check (state in ('waiting', 'fresh', 'empty', 'failing', 'paused')),
    failures integer not null default 0,
    last_fetch_at timestamptz,
    last_success_at timestamptz,
    last_item_at timestamptz,
    last_error text,
    next_at timestamptz not null,
    etag text,
    last_modified text,
    version integer not null default 1,
    created_at timestamptz not null,
    archived_at timestamptz
);
comment on table watch.feeds is 'Sources the desk reads. Never deleted: items name them.';
create unique index feeds_url on watch.feeds (url) where archived_at is null and url <> '';
create index feeds_due on watch.feeds (next_at) where archived_at is null and state <> 'paused';

create table watch.raw_documents (
    sha256 bytea primary key,
    content bytea not null,
    stored_at timestamptz not null
);
comment on table watch.raw_documents is 'What sources sent, byte for byte, once per content. Rows leave 90 days after they came.';
create index raw_documents_age on watch.raw_documents (stored_at);

create table watch.fetches (
    id uuid primary key,
    feed_id uuid not null references watch.feeds (id),
    at timestamptz not null,
    outcome text not null check (outcome in ('read', 'unchanged', 'failed')),
    status integer,
    sha256 bytea,
    bytes bigint not null default 0,
    entries integer not null default 0,
    fresh integer not null default 0,
    detail text
);
comment on table watch.fetches is 'Each look at a source and what it gave. Rows leave after 90 days.';
create index fetches_feed on watch.fetches (feed_id, at desc);
create index fetches_age on watch.fetches (at);

create table watch.items (
    id uuid primary key,
    title text not null,
    summary text not null,
    link text,
    origin text not null check (origin in ('feed', 'carried', 'peer')),
    source text not null,
    sources integer not null default 1,
    published_at timestamptz,
    received_at timestamptz not null,
    state text not null default 'new' check (state in ('new', 'kept', 'ignored', 'advisory')),
    decided_by text,
    decided_at timestamptz,
    advisory_id uuid,
    matches integer not null default 0,
    cves text[] not null default '{}',
    tlp smallint not null,
    pap smallint not null,
    exercise boolean not null,
    named uuid[] not null default '{}'
);
comment on table watch.items is 'What sources and peers reported. Marked. New and ignored rows leave after 365 days.';
create index items_desk on watch.items (state, received_at desc, id desc);
create index items_age on watch.items (received_at);
create index items_title on watch.items using gin (to_tsvector('simple', title || ' ' || summary));

create table watch.item_sources (
    item_id uuid not null references watch.items (id) on delete cascade,
    feed_id uuid references watch.feeds (id),
    source text not null,
    guid text not null,
    link text,
    fetch_id uuid,
    seen_at timestamptz not null,
    unique (item_id, source)
);
comment on table watch.item_sources is 'Where an item was reported. Rows leave with their item.';
create index item_sources_feed on watch.item_sources (feed_id, seen_at);

create table watch.item_keys (
    key bytea primary key,
    item_id uuid not null references watch.items (id) on delete cascade
);
comment on table watch.item_keys is 'By what an item is known again: guid, link, content. Rows leave with their item.';
create index item_keys_item on watch.item_keys (item_id);

create table watch.item_matches (
    item_id uuid not null references watch.items (id) on delete cascade,
    kind text not null check (kind in ('address', 'domain', 'word')),
    value text not null,
    reason text not null,
    constituent_id uuid,
    constituent text,
    unique (item_id, kind, value)
);
comment on table watch.item_matches is 'Why an item concerns us. Rows leave with their item.';

create table watch.item_reads (
    item_id uuid not null references watch.items (id) on delete cascade,
    person_id uuid not null,
    read_at timestamptz not null,
    primary key (person_id, item_id)
);
comment on table watch.item_reads is 'Who has read what. Rows leave with their item.';

create table watch.words (
    id uuid primary key,
    word text not null check (length(word) between 2 and 100),
    note text not null default '',
    added_by text not null,
    added_at timestamptz not null
);
comment on table watch.words is 'Products, vendors and other words to look for. Leaves when removed.';
create unique index words_once on watch.words (lower(word));
