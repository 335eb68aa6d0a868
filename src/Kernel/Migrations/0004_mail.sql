-- readable-by: 0.1.0
create table kernel.mail_raw (
    sha256 bytea primary key check (length(sha256) = 32),
    bytes bytea not null,
    stored_at timestamptz not null
);
comment on table kernel.mail_raw is 'Messages as they came or as they were approved, byte for byte, named by their content. Only added to; rows leave with the last message that names them.';
alter table kernel.mail_raw alter column bytes set storage external;

create table kernel.mail_out (
    id uuid primary key,
    message_id text not null unique,
    about text not null,
    subject text not null,
    sender text not null,
    language text not null default 'en',
    automatic boolean not null,
    sha256 bytea not null references kernel.mail_raw (sha256),
    created_at timestamptz not null,
    created_by uuid not null,
    tlp smallint not null check (tlp between 0 and 4),
    pap smallint not null check (pap between 0 and 3),
    exercise boolean not null,
    named uuid[] not null default '{}'
);
comment on table kernel.mail_out is 'Outgoing messages. Kept two years after they were written.';
create index mail_out_newest on kernel.mail_out (created_at desc, id desc);
create index mail_out_about on kernel.mail_out (about, created_at desc);

create table kernel.mail_recipients (
    mail_id uuid not null references kernel.mail_out (id) on delete cascade,
    address text not null,
    name text not null default '',
    state text not null check (state in ('queued', 'held', 'sent', 'failed', 'unknown')),
    tries integer not null default 0,
    due_at timestamptz not null,
    handing_since timestamptz,
    settled_at timestamptz,
    reason text,
    primary key (mail_id, address)
);
comment on table kernel.mail_recipients is 'Delivery state of one outgoing message for one recipient. Rows leave with their message. handing_since is written and committed before the bytes are handed over.';
create index mail_recipients_due on kernel.mail_recipients (due_at) where state in ('queued', 'unknown');
create index mail_recipients_open on kernel.mail_recipients (state) where state <> 'sent';

create table kernel.mail_in (
    id uuid primary key,
    file_name text not null,
    sha256 bytea not null,
    size bigint not null,
    received_at timestamptz not null,
    state text not null check (state in ('stored', 'parsed', 'quarantined')),
    tries integer not null default 0,
    reason text,
    kind text not null default 'mail',
    message_id text,
    sender text,
    sender_name text,
    subject text,
    parsed jsonb,
    tlp smallint not null check (tlp between 0 and 4),
    pap smallint not null check (pap between 0 and 3),
    exercise boolean not null default false,
    named uuid[] not null default '{}',
    unique (file_name, sha256)
);
comment on table kernel.mail_in is 'Messages taken from the maildir. Kept two years after they arrived; their bytes lie in kernel.mail_raw unless they were above the size limit.';
create index mail_in_newest on kernel.mail_in (received_at desc, id desc);
create index mail_in_message on kernel.mail_in (message_id);
create index mail_in_waiting on kernel.mail_in (received_at) where state = 'stored';
