-- readable-by: 0.1.0
create table sensing.settings (
    key text primary key,
    value jsonb not null
);
comment on table sensing.settings is 'home_networks, wanted_generation. Kept.';
insert into sensing.settings (key, value) values
    ('home_networks', '["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]'),
    ('wanted_generation', '1');

create table sensing.rule_sources (
    id uuid primary key,
    name text not null unique,
    kind text not null check (kind in ('bundled', 'url', 'file', 'indicators')),
    url text,
    enabled boolean not null,
    licence text not null default '',
    checksum text,
    fetched_at timestamptz,
    checked_at timestamptz,
    wanted_at timestamptz,
    last_error text,
    added_at timestamptz not null default now(),
    added_by text not null default ''
);
comment on table sensing.rule_sources is 'Where rules come from. Kept.';
-- Named so that nobody has to look the address up; nothing is fetched before someone switches it on.
insert into sensing.rule_sources (id, name, kind, url, enabled, licence) values
    ('0198c0de-0000-7000-8000-000000000001', 'Starter rules', 'bundled', null, true, 'EUPL-1.2'),
    ('0198c0de-0000-7000-8000-000000000002', 'Emerging Threats Open', 'url', 'https://rules.emergingthreats.net/open/suricata-7.0.3/emerging.rules.tar.gz', false, 'BSD-3-Clause'),
    ('0198c0de-0000-7000-8000-000000000003', 'Indicators from peers', 'indicators', null, true, '');

create table sensing.rule_files (
    source_id uuid not null references sensing.rule_sources (id) on delete cascade,
    name text not null,
    kind text not null check (kind in ('rules', 'classification', 'reference', 'threshold')),
    body text not null,
    primary key (source_id, name)
);
comment on table sensing.rule_files is 'Files of a source as they came. Replaced by the next version.';

create table sensing.rules (
    source_id uuid not null references sensing.rule_sources (id) on delete cascade,
    file text not null,
    line integer not null,
    gid integer not null,
    sid bigint,
    rev integer not null default 0,
    message text not null default '',
    on_in_file boolean not null,
    error_keyword text,
    error text,
    text text not null,
    primary key (source_id, file, line)
);
comment on table sensing.rules is 'The rules of the current files, one row a rule, with what is wrong with it. Replaced with their file.';
create index rules_sid on sensing.rules (sid);

create table sensing.rule_states (
    gid integer not null,
    sid bigint not null,
    enabled boolean not null,
    at timestamptz not null,
    by_name text not null,
    primary key (gid, sid)
);
comment on table sensing.rule_states is 'What people decided about single rules; survives updates of the source. Kept.';

create table sensing.indicators (
    sid bigint generated always as identity (start with 9100000 maxvalue 9899999 cycle) primary key,
    stix_id text not null,
    peer uuid not null,
    type text not null,
    value text not null,
    received_at timestamptz not null,
    valid_until timestamptz,
    tlp smallint not null,
    pap smallint not null,
    exercise boolean not null,
    named uuid[] not null default '{}',
    unique (stix_id, type, value)
);
comment on table sensing.indicators is 'What accepted indicators ask the sensors to look for. Rows leave when their validity ends, or after one year.';

create table sensing.generations (
    number integer primary key,
    state text not null check (state in ('building', 'published', 'failed')),
    wanted bigint not null,
    rules integer not null default 0,
    rules_wrong integer not null default 0,
    checksum text,
    reason text,
    created_at timestamptz not null,
    published_at timestamptz
);
comment on table sensing.generations is 'Settings and rules as put before the sensors, newest highest. Kept.';

create table sensing.sensor_generations (
    sensor_id smallint not null references sensing.sensors (id),
    generation integer not null,
    state text not null check (state in ('loaded', 'refused')),
    rules_loaded integer not null default 0,
    rules_failed integer not null default 0,
    errors jsonb not null default '[]',
    reason text,
    seconds double precision,
    at timestamptz not null,
    primary key (sensor_id, generation)
);
comment on table sensing.sensor_generations is 'What each sensor said about a generation. Kept.';

create table sensing.sensor_answers (
    id bigint generated always as identity primary key,
    sensor_id smallint not null references sensing.sensors (id),
    at timestamptz not null,
    message text not null,
    body jsonb not null
);
comment on table sensing.sensor_answers is 'Starts, stops, captures and refusals as the sensors reported them. Rows leave after 90 days.';
create index sensor_answers_sensor on sensing.sensor_answers (sensor_id, at);

create table sensing.captures (
    id uuid primary key,
    sensor_id smallint not null references sensing.sensors (id),
    name text not null,
    size bigint not null,
    sha256 text not null,
    format text not null,
    purpose text not null default 'upload' check (purpose in ('upload', 'self-test', 'command')),
    uploaded_at timestamptz not null,
    uploaded_by uuid not null,
    uploaded_by_name text not null,
    state text not null check (state in ('stored', 'queued', 'running', 'done', 'failed', 'discarded')),
    job_id uuid unique,
    file text not null,
    queued_at timestamptz,
    started_at timestamptz,
    done_at timestamptz,
    percent double precision,
    packets bigint,
    alerts bigint,
    records bigint,
    first_packet timestamptz,
    last_packet timestamptz,
    truncated_at bigint,
    reason text,
    tlp smallint not null default 2,
    pap smallint not null default 2,
    exercise boolean not null default false,
    named uuid[] not null default '{}'
);
comment on table sensing.captures is 'Captures brought in by hand and what their replay found. Rows leave one year after they were discarded.';
create index captures_uploaded on sensing.captures (uploaded_at desc, id desc);
create index captures_open on sensing.captures (state) where state in ('queued', 'running');
