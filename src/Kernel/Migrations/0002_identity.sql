-- readable-by: 0.1.0
create schema identity;

create table identity.users (
    id uuid primary key,
    name text not null,
    normal_name text not null unique,
    display_name text not null,
    mail text not null default '',
    normal_mail text not null default '',
    password_hash text,
    security_stamp text not null,
    totp_secret text,
    totp_enabled boolean not null default false,
    totp_step bigint not null default 0,
    state text not null default 'invited' check (state in ('invited', 'active', 'locked')),
    constituent uuid,
    reads_up_to smallint not null default 3 check (reads_up_to between 0 and 3),
    language text not null default 'en',
    created_at timestamptz not null,
    last_log_in_at timestamptz
);
comment on table identity.users is 'People who may log in. Never deleted: the audit trail names them.';

create table identity.user_roles (
    user_id uuid not null references identity.users (id),
    role text not null,
    primary key (user_id, role)
);

create table identity.role_permissions (
    role text not null,
    permission text not null,
    granted boolean not null,
    primary key (role, permission)
);
comment on table identity.role_permissions is 'Where the appliance differs from what the modules grant to a role from the start.';

create table identity.recovery_codes (
    user_id uuid not null references identity.users (id),
    hash bytea not null,
    primary key (user_id, hash)
);
comment on table identity.recovery_codes is 'Unused recovery codes. A row leaves when its code is used.';

create table identity.sessions (
    id uuid primary key,
    user_id uuid not null references identity.users (id),
    created_at timestamptz not null,
    seen_at timestamptz not null,
    ends_at timestamptz not null,
    ended_at timestamptz,
    end_reason text,
    address inet,
    agent text not null default ''
);
comment on table identity.sessions is 'Log-ins. Rows leave 90 days after their end.';
create index sessions_live on identity.sessions (user_id) where ended_at is null;
create index sessions_created on identity.sessions (created_at);

create table identity.tokens (
    id uuid primary key,
    name text not null,
    normal_name text not null,
    kind text not null check (kind in ('bearer', 'basic')),
    hash bytea not null,
    user_id uuid references identity.users (id),
    peer_id uuid,
    scopes text[] not null,
    created_at timestamptz not null,
    created_by uuid not null,
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz,
    check ((user_id is null) <> (peer_id is null))
);
comment on table identity.tokens is 'Credentials of programs and peers; only hashes of them. Never deleted: the audit trail names them.';
create unique index tokens_live_name on identity.tokens (normal_name) where revoked_at is null;

create table identity.links (
    id uuid primary key,
    kind text not null check (kind in ('setup', 'invite', 'reset')),
    hash bytea not null unique,
    user_id uuid references identity.users (id),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    check ((kind = 'setup') = (user_id is null))
);
comment on table identity.links is 'One-time links; only hashes of them. Rows leave 90 days after they expired.';

create table identity.tries (
    kind text not null check (kind in ('password', 'code', 'address')),
    key text not null,
    count integer not null,
    last_at timestamptz not null,
    locked_until timestamptz,
    primary key (kind, key)
);
comment on table identity.tries is 'Failed log-ins per account, known or not, and per address. Rows leave two days after the last try.';
create index tries_last on identity.tries (last_at);
