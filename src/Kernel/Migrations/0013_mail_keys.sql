-- readable-by: 0.1.0
alter table kernel.mail_out add column signed text check (signed in ('openpgp', 'smime'));
alter table kernel.mail_out add column encrypted text check (encrypted in ('openpgp', 'smime'));

create table kernel.mail_keys (
    id uuid primary key,
    scheme text not null check (scheme in ('openpgp', 'smime')),
    fingerprint text not null unique,
    own boolean not null,
    authority boolean not null default false,
    pending boolean not null default false,
    name text not null,
    addresses text[] not null,
    algorithm text not null,
    made_at timestamptz not null,
    expires_at timestamptz,
    revoked boolean not null default false,
    signs boolean not null,
    encrypts boolean not null,
    public_key bytea not null,
    secret text,
    added_at timestamptz not null,
    added_by uuid not null,
    added_by_name text not null,
    check (own = (secret is not null))
);
comment on table kernel.mail_keys is 'OpenPGP keys and certificates for mail, put in by a person who thereby says whose they are. The secret part of the team''s own is sealed by the keys of the appliance, which are not in the database. A pending one is a request that no authority has answered yet. Rows leave when somebody removes them.';
create index mail_keys_newest on kernel.mail_keys (added_at desc, id desc);
