-- readable-by: 0.1.0
create table ticketing.notice_files (
    id uuid primary key,
    incident_id uuid not null references ticketing.incidents (id),
    user_id uuid not null,
    name text not null,
    size bigint not null check (size > 0),
    sha256 bytea not null check (length(sha256) = 32),
    stored bytea not null check (length(stored) = 32),
    sealed_key text not null,
    added_at timestamptz not null,
    tlp smallint not null check (tlp between 0 and 4),
    pap smallint not null check (pap between 0 and 3),
    exercise boolean not null,
    named uuid[] not null default '{}'
);
comment on table ticketing.notice_files is 'Files that somebody wants to send with a message. Rows leave when it is sent, when they are taken back, or after a week.';
create index notice_files_draft on ticketing.notice_files (incident_id, user_id);
create index notice_files_old on ticketing.notice_files (added_at);
