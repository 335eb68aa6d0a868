-- readable-by: 0.1.0
create schema uplink;

create table uplink.node (
    one boolean primary key default true check (one),
    id uuid not null default gen_random_uuid(),
    page_key bytea not null default decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'),
    created_at timestamptz not null default date_trunc('milliseconds', now()),
    name text not null default '',
    named_at timestamptz not null default date_trunc('milliseconds', now())
);
comment on table uplink.node is 'Who this node is towards its peers: the root of its STIX ids and the key of its page cursors. One row, kept for ever.';
insert into uplink.node default values;

create table uplink.peers (
    id uuid primary key,
    name text not null,
    role text not null check (role in ('national', 'hub')),
    root_url text,
    read_collection text not null default 'shared',
    write_collection text not null default 'inbox',
    login text not null default '',
    secret bytea,
    secret_kind text not null default 'none' check (secret_kind in ('none', 'basic', 'bearer')),
    token_id uuid,
    token_kind text not null default '',
    token_login text not null default '',
    token_expires_at timestamptz,
    ceiling smallint not null check (ceiling between 0 and 3),
    takes_exercises boolean not null default false,
    trust text not null default 'pending' check (trust in ('pending', 'trusted', 'suspended')),
    cursor_after text,
    cursor_next text,
    cursor_page_last text,
    next_pull_at timestamptz,
    failures integer not null default 0,
    last_contact_at timestamptz,
    last_error text,
    last_error_at timestamptz,
    added_at timestamptz not null,
    removed_at timestamptz
);
comment on table uplink.peers is 'Nodes that information is shared with. Removed peers stay as names of what was shared with them.';
create unique index peers_name on uplink.peers (lower(name)) where removed_at is null;

create table uplink.shares (
    id uuid primary key,
    subject text not null,
    kind text not null check (kind in ('incident', 'advisory')),
    number text not null,
    title text not null,
    revision integer not null,
    generation integer not null default 0,
    source_event uuid not null unique,
    source jsonb not null,
    tlp smallint not null,
    pap smallint not null,
    exercise boolean not null,
    named uuid[] not null default '{}',
    state text not null default 'pending' check (state in ('pending', 'signed', 'approved', 'returned', 'withdrawn', 'superseded')),
    rule text not null,
    main_id text not null,
    created timestamptz not null,
    modified timestamptz not null,
    draft text not null,
    withheld jsonb not null default '[]',
    legal_basis text not null default '',
    frozen bytea,
    frozen_sha256 bytea,
    signed_by uuid,
    signed_name text,
    signed_at timestamptz,
    approved_by uuid,
    approved_name text,
    approved_at timestamptz,
    closed_by text,
    closed_at timestamptz,
    reason text,
    arrived_at timestamptz not null
);
comment on table uplink.shares is 'What may leave, one row per publication of an incident or advisory, with the bytes frozen at approval. Kept for ever.';
create index shares_list on uplink.shares (arrived_at desc, id desc);
create index shares_subject on uplink.shares (subject, revision desc, arrived_at desc);

create table uplink.share_recipients (
    share_id uuid not null references uplink.shares (id),
    peer_id uuid not null references uplink.peers (id),
    state text not null check (state in ('queued', 'available', 'pulled', 'acknowledged', 'refused', 'withdrawn')),
    note text not null default '',
    changed_at timestamptz not null,
    pulled_at timestamptz,
    acknowledged_at timestamptz,
    primary key (share_id, peer_id)
);
comment on table uplink.share_recipients is 'Who a share is for and how far it came there. Kept for ever.';
create index share_recipients_peer on uplink.share_recipients (peer_id, state);

create table uplink.collections (
    id uuid primary key,
    peer_id uuid not null references uplink.peers (id),
    kind text not null check (kind in ('shared', 'inbox')),
    last_added timestamptz not null default '2000-01-01Z',
    unique (peer_id, kind)
);
comment on table uplink.collections is 'Two TAXII collections per peer: what it may read, and what it may write.';

create table uplink.objects (
    id bigint generated always as identity primary key,
    collection_id uuid not null references uplink.collections (id),
    share_id uuid references uplink.shares (id),
    date_added timestamptz not null,
    stix_id text not null,
    type text not null,
    version timestamptz not null,
    is_first boolean not null,
    is_last boolean not null,
    revokes boolean not null default false,
    sha256 bytea not null,
    body bytea not null,
    unique (collection_id, date_added)
);
comment on table uplink.objects is 'What a TAXII collection holds, in commit order. date_added is unique and rising per collection. Rows leave when their share is withdrawn.';
create index objects_last on uplink.objects (collection_id, date_added) where is_last;
create index objects_versions on uplink.objects (collection_id, stix_id, version);
create index objects_share on uplink.objects (share_id) where share_id is not null;

create table uplink.statuses (
    id uuid primary key,
    peer_id uuid not null references uplink.peers (id),
    requested_at timestamptz not null,
    body jsonb not null
);
comment on table uplink.statuses is 'TAXII status resources of what peers wrote. Rows leave after 7 days; the standard''s interoperability rule asks for 24 hours.';
create index statuses_at on uplink.statuses (requested_at);

create table uplink.received (
    id uuid primary key,
    peer_id uuid not null references uplink.peers (id),
    route text not null check (route in ('pulled', 'posted')),
    stix_id text not null,
    type text not null,
    version timestamptz not null,
    created_by text not null default '',
    title text not null,
    tlp smallint not null,
    pap smallint not null default 2,
    exercise boolean not null default false,
    named uuid[] not null default '{}',
    state text not null check (state in ('new', 'part', 'accepted', 'refused', 'invalid', 'acknowledgement')),
    reason text not null default '',
    sha256 bytea not null,
    raw bytea not null,
    refs text[] not null default '{}',
    received_at timestamptz not null,
    decided_by text,
    decided_at timestamptz,
    unique (peer_id, stix_id, version, sha256)
);
comment on table uplink.received is 'Quarantine: what peers sent, byte for byte, and what was decided about it. Kept for a year.';
create index received_list on uplink.received (received_at desc, id desc) where state <> 'part';
create index received_stix on uplink.received (peer_id, stix_id, version desc);

create table uplink.acknowledgements (
    id uuid primary key,
    peer_id uuid not null references uplink.peers (id),
    received_id uuid not null references uplink.received (id),
    verdict text not null check (verdict in ('received', 'refused')),
    stix_id text not null unique,
    body bytea not null,
    state text not null default 'queued' check (state in ('queued', 'sent', 'failed')),
    tries integer not null default 0,
    due_at timestamptz not null,
    sent_at timestamptz,
    last_error text
);
comment on table uplink.acknowledgements is 'What we tell peers about what they sent, journalled before it is posted. Rows leave with the received object.';
create index acknowledgements_due on uplink.acknowledgements (due_at) where state = 'queued';
