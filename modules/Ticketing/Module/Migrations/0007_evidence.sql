-- readable-by: 0.1.0
create table ticketing.evidence (
    id uuid primary key,
    incident_id uuid not null references ticketing.incidents (id),
    number integer not null check (number > 0),
    name text not null,
    kind text not null,
    size bigint not null check (size > 0),
    md5 bytea not null check (length(md5) = 16),
    sha1 bytea not null check (length(sha1) = 20),
    sha256 bytea not null check (length(sha256) = 32),
    origin text not null check (origin in ('upload', 'mail')),
    mail_id uuid,
    stored bytea check (length(stored) = 32),
    sealed_key text,
    added_at timestamptz not null,
    added_by text not null,
    damaged_at timestamptz,
    destroyed_at timestamptz,
    custody_lines integer not null,
    custody_head bytea not null check (length(custody_head) = 32),
    tlp smallint not null check (tlp between 0 and 4),
    pap smallint not null check (pap between 0 and 3),
    exercise boolean not null,
    named uuid[] not null default '{}',
    grams tsvector generated always as (ticketing.grams(name)) stored,
    unique (incident_id, number),
    check ((stored is null) = (sealed_key is null) and (stored is null) = (destroyed_at is not null))
);
comment on table ticketing.evidence is 'Files kept for an incident, sealed in the file store. The file and its key leave when it is destroyed; the row stays with its custody.';
create index evidence_sha256 on ticketing.evidence (sha256);
create index evidence_sha1 on ticketing.evidence (sha1);
create index evidence_md5 on ticketing.evidence (md5);
create index evidence_grams on ticketing.evidence using gin (grams);
create index evidence_open on ticketing.evidence (incident_id) where destroyed_at is null;

create table ticketing.custody (
    evidence_id uuid not null references ticketing.evidence (id),
    line integer not null check (line > 0),
    at timestamptz not null,
    act text not null,
    by_id uuid not null,
    by_name text not null,
    party text not null default '',
    note text not null default '',
    hash bytea not null check (length(hash) = 32),
    primary key (evidence_id, line)
);
comment on table ticketing.custody is 'Who had a file when, and what was done with it: each line holds the hash over the line before. Only added to, kept for ever.';
