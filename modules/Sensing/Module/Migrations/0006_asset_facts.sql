-- readable-by: 0.1.0
-- What people call an address of ours, and what the records say of it.
alter table sensing.assets add column label text;
alter table sensing.assets add column note text not null default '';
alter table sensing.assets add column named_at timestamptz;
alter table sensing.assets add column named_by text;
create index assets_constituent on sensing.assets (constituent) where constituent is not null;

create table sensing.asset_services (
    address inet not null,
    port integer not null,
    proto text not null,
    application text not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (address, port, proto, application)
);
comment on table sensing.asset_services is 'Tier 3: what addresses of ours were seen to serve, by the protocol that was spoken. Kept.';

create table sensing.asset_certificates (
    address inet not null,
    port integer not null,
    fingerprint text not null,
    subject text not null,
    issuer text not null,
    server_name text not null,
    not_before timestamptz,
    not_after timestamptz,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (address, port, fingerprint)
);
comment on table sensing.asset_certificates is 'Tier 3: certificates that addresses of ours were seen to present. Kept.';
create index asset_certificates_fingerprint on sensing.asset_certificates (fingerprint);

create table sensing.passive_names (
    name text not null,
    type text not null,
    value text not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (name, type, value)
);
comment on table sensing.passive_names is 'Tier 3: answers of the domain name system as they crossed the wire, whoever asked. Kept.';
create index passive_names_value on sensing.passive_names (value, last_seen);
