-- readable-by: 0.1.0
create table ticketing.mailings (
    id uuid primary key,
    incident_id uuid not null references ticketing.incidents (id),
    kind text not null check (kind in ('infected', 'vulnerable', 'phishing', 'leaked', 'reminder')),
    state text not null check (state in ('draft', 'sent')),
    reminds uuid references ticketing.mailings (id),
    texts jsonb not null default '{}',
    with_file boolean not null default false,
    override_reason text,
    lines int not null,
    blank_lines int not null,
    header_line int,
    version int not null default 1,
    made_at timestamptz not null,
    made_by uuid not null,
    made_name text not null,
    sent_at timestamptz,
    sent_name text,
    run_id uuid
);
comment on table ticketing.mailings is 'One notice to the contacts of many addresses and names. One that was sent is kept as long as its incident; a draft leaves 30 days after it was made.';
create index mailings_incident on ticketing.mailings (incident_id, made_at);
create index mailings_drafts on ticketing.mailings (made_at) where state = 'draft';

create table ticketing.letters (
    id uuid primary key,
    mailing_id uuid not null references ticketing.mailings (id) on delete cascade,
    constituent_id uuid,
    organisation text not null,
    address text not null,
    name text not null,
    language text not null,
    purpose text not null,
    source text not null check (source in ('directory', 'registry', 'hand')),
    made_at timestamptz not null,
    blocked text,
    left_out boolean not null default false,
    state text not null default 'ready' check (state in ('ready', 'queued', 'recalled', 'refused')),
    refusal text not null default '',
    reply_to text,
    mail_id uuid,
    message_id text,
    queued_at timestamptz,
    answered_at timestamptz
);
comment on table ticketing.letters is 'What one contact gets of a mailing. Leaves with its mailing.';
create unique index letters_once on ticketing.letters (mailing_id, lower(address), coalesce(constituent_id, '00000000-0000-0000-0000-000000000000'::uuid));
create index letters_message on ticketing.letters (message_id) where message_id is not null;
create index letters_page on ticketing.letters (mailing_id, lower(organisation), id);

create table ticketing.mailing_items (
    mailing_id uuid not null references ticketing.mailings (id) on delete cascade,
    seq int not null,
    line int not null,
    type text not null,
    value text not null,
    evidence text not null,
    organisation text not null default '',
    letter_id uuid references ticketing.letters (id),
    reason text not null default '',
    detail text not null default '',
    asked_type text,
    asked_value text,
    primary key (mailing_id, seq),
    check (letter_id is not null or reason <> '')
);
comment on table ticketing.mailing_items is 'What a list named, line by line: each has a contact or the reason why it has none. Leaves with its mailing.';
create index mailing_items_letter on ticketing.mailing_items (letter_id, seq) where letter_id is not null;
create index mailing_items_waiting on ticketing.mailing_items (mailing_id, seq) where reason = 'waiting';
