-- readable-by: 0.1.0
alter table identity.sessions
    add column factor text not null default 'password' check (factor in ('password', 'code', 'recovery', 'passkey', 'link')),
    add column renew_due boolean not null default false,
    add column last_address inet;
comment on column identity.sessions.renew_due is 'True from the moment its person proved more until the session has its new id.';

create table identity.passkeys (
    credential_id bytea primary key,
    user_id uuid not null references identity.users (id),
    name text not null,
    public_key bytea not null,
    sign_count bigint not null,
    transports text[] not null,
    user_verified boolean not null,
    backup_eligible boolean not null,
    backed_up boolean not null,
    attestation bytea not null,
    client_data bytea not null,
    created_at timestamptz not null,
    last_used_at timestamptz
);
comment on table identity.passkeys is 'Passkeys of people: public keys only. A row leaves when its person removes it or is reset.';
create index passkeys_of_user on identity.passkeys (user_id);

create table identity.own_roles (
    word text primary key check (word ~ '^own:[a-z0-9][a-z0-9-]*$'),
    title text not null,
    note text not null default '',
    changed_at timestamptz not null,
    changed_by uuid not null
);
comment on table identity.own_roles is 'Roles that the appliance made for itself, beside those it ships. What they may do stands in role_permissions.';

-- What a shipped role may do is fixed from here on; an own role holds what differs.
delete from identity.role_permissions;
