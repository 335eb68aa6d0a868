-- readable-by: 0.1.0
create schema directory;

create table directory.constituents (
    id uuid primary key,
    name text not null check (length(name) between 1 and 200),
    sector text not null default '',
    country text not null default '' check (country ~ '^([A-Z]{2})?$'),
    default_tlp smallint not null default 2 check (default_tlp between 0 and 4),
    languages text[] not null default '{en}',
    notes text not null default '',
    exercise boolean not null default false,
    version integer not null default 1,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    archived_at timestamptz
);
comment on table directory.constituents is 'Organisations the CIRT serves. Never deleted: an archived one stays readable from old incidents.';
create unique index constituents_name on directory.constituents (lower(name)) where archived_at is null;
create index constituents_order on directory.constituents (lower(name), id);

create table directory.networks (
    id uuid primary key,
    constituent_id uuid not null references directory.constituents (id),
    kind text not null check (kind in ('prefix', 'asn', 'domain')),
    prefix cidr,
    asn bigint check (asn between 1 and 4294967295),
    domain text,
    written text not null,
    active boolean not null default true,
    added_at timestamptz not null,
    check (num_nonnulls(prefix, asn, domain) = 1)
);
comment on table directory.networks is 'What belongs to an organisation: address blocks, AS numbers, domains (as A-labels). Leaves when removed; inactive while its organisation is archived.';
create index networks_constituent on directory.networks (constituent_id);
create unique index networks_prefix on directory.networks (prefix) where active and prefix is not null;
create unique index networks_asn on directory.networks (asn) where active and asn is not null;
create unique index networks_domain on directory.networks (domain) where active and domain is not null;

create table directory.contacts (
    id uuid primary key,
    constituent_id uuid not null references directory.constituents (id),
    name text not null,
    mail text not null,
    purpose text not null check (purpose in ('security', 'abuse', 'management', 'subscriber')),
    language text not null,
    position integer not null,
    added_at timestamptz not null
);
comment on table directory.contacts is 'Who to notify, the most urgent first. Leaves when removed.';
create unique index contacts_once on directory.contacts (constituent_id, lower(mail), purpose);

create table directory.imports (
    id uuid primary key,
    by_id uuid not null,
    file_name text not null,
    content bytea not null,
    good_rows integer not null,
    bad_rows integer not null,
    previewed_at timestamptz not null,
    applied_at timestamptz
);
comment on table directory.imports is 'CSV files between preview and apply. Rows leave after 7 days.';
