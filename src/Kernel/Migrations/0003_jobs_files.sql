-- readable-by: 0.1.0
create schema jobs;

-- Tables of Quartz 4.7.3, from the script inside its package, without its execution history: jobs.runs is the appliance's own.
create table jobs.qrtz_job_details (
    sched_name text not null,
    job_name text not null,
    job_group text not null,
    description text null,
    job_class_name text not null,
    is_durable bool not null,
    is_nonconcurrent bool not null,
    is_update_data bool not null,
    requests_recovery bool not null,
    job_data bytea null,
    primary key (sched_name,job_name,job_group)
);

create table jobs.qrtz_triggers (
    sched_name text not null,
    trigger_name text not null,
    trigger_group text not null,
    job_name text not null,
    job_group text not null,
    description text null,
    next_fire_time bigint null,
    prev_fire_time bigint null,
    priority integer null,
    trigger_state text not null,
    trigger_type text not null,
    start_time bigint not null,
    end_time bigint null,
    calendar_name text null,
    misfire_instr smallint null,
    misfire_orig_fire_time bigint null,
    execution_group varchar(200) null,
    preferred_node varchar(200) null,
    preferred_node_auto bool not null default false,
    retry_policy varchar(250) null,
    retry_attempt integer null,
    continues_trigger_name text null,
    continues_trigger_group text null,
    continuation_condition integer null,
    overlap_policy integer null,
    pause_reason varchar(250) null,
    paused_by varchar(200) null,
    paused_at bigint null,
    misfire_threshold bigint null,
    fixed_delay bool null,
    job_data bytea null,
    primary key (sched_name,trigger_name,trigger_group),
    foreign key (sched_name,job_name,job_group) references jobs.qrtz_job_details (sched_name,job_name,job_group)
);

create table jobs.qrtz_simple_triggers (
    sched_name text not null,
    trigger_name text not null,
    trigger_group text not null,
    repeat_count bigint not null,
    repeat_interval bigint not null,
    times_triggered bigint not null,
    primary key (sched_name,trigger_name,trigger_group),
    foreign key (sched_name,trigger_name,trigger_group) references jobs.qrtz_triggers (sched_name,trigger_name,trigger_group) on delete cascade
);

create table jobs.qrtz_cron_triggers (
    sched_name text not null,
    trigger_name text not null,
    trigger_group text not null,
    cron_expression text not null,
    time_zone_id text,
    primary key (sched_name,trigger_name,trigger_group),
    foreign key (sched_name,trigger_name,trigger_group) references jobs.qrtz_triggers (sched_name,trigger_name,trigger_group) on delete cascade
);

create table jobs.qrtz_simprop_triggers (
    sched_name text not null,
    trigger_name text not null,
    trigger_group text not null,
    str_prop_1 text null,
    str_prop_2 text null,
    str_prop_3 text null,
    int_prop_1 integer null,
    int_prop_2 integer null,
    long_prop_1 bigint null,
    long_prop_2 bigint null,
    dec_prop_1 numeric null,
    dec_prop_2 numeric null,
    bool_prop_1 bool null,
    bool_prop_2 bool null,
    time_zone_id text null,
    primary key (sched_name,trigger_name,trigger_group),
    foreign key (sched_name,trigger_name,trigger_group) references jobs.qrtz_triggers (sched_name,trigger_name,trigger_group) on delete cascade
);

create table jobs.qrtz_blob_triggers (
    sched_name text not null,
    trigger_name text not null,
    trigger_group text not null,
    blob_data bytea null,
    primary key (sched_name,trigger_name,trigger_group),
    foreign key (sched_name,trigger_name,trigger_group) references jobs.qrtz_triggers (sched_name,trigger_name,trigger_group) on delete cascade
);

create table jobs.qrtz_calendars (
    sched_name text not null,
    calendar_name text not null,
    calendar bytea not null,
    primary key (sched_name,calendar_name)
);

create table jobs.qrtz_paused_trigger_grps (
    sched_name text not null,
    trigger_group text not null,
    pause_reason varchar(250) null,
    paused_by varchar(200) null,
    paused_at bigint null,
    primary key (sched_name,trigger_group)
);

create table jobs.qrtz_paused_job_grps (
    sched_name text not null,
    job_group text not null,
    pause_reason varchar(250) null,
    paused_by varchar(200) null,
    paused_at bigint null,
    primary key (sched_name,job_group)
);

create table jobs.qrtz_fired_triggers (
    sched_name text not null,
    entry_id text not null,
    trigger_name text not null,
    trigger_group text not null,
    instance_name text not null,
    fired_time bigint not null,
    sched_time bigint not null,
    priority integer not null,
    state text not null,
    job_name text null,
    job_group text null,
    is_nonconcurrent bool not null,
    requests_recovery bool null,
    execution_group varchar(200) null,
    progress integer null,
    progress_message varchar(250) null,
    interrupt_requested_time bigint null,
    primary key (sched_name,entry_id)
);

create table jobs.qrtz_scheduler_state (
    sched_name text not null,
    instance_name text not null,
    last_checkin_time bigint not null,
    checkin_interval bigint not null,
    quartz_version varchar(20) null,
    primary key (sched_name,instance_name)
);

create table jobs.qrtz_locks (
    sched_name text not null,
    lock_name text not null,
    primary key (sched_name,lock_name)
);

create index idx_qrtz_j_g_n on jobs.qrtz_job_details (sched_name, job_group, job_name);

create index idx_qrtz_t_j on jobs.qrtz_triggers (sched_name, job_name, job_group);

create index idx_qrtz_t_g_n on jobs.qrtz_triggers (sched_name, trigger_group, trigger_name);

create index idx_qrtz_t_c on jobs.qrtz_triggers (sched_name, calendar_name);

create index idx_qrtz_t_nft_st on jobs.qrtz_triggers (sched_name, trigger_state, next_fire_time asc, priority desc, misfire_instr);

create index idx_qrtz_ft_inst_job_req_rcvry on jobs.qrtz_fired_triggers (sched_name, instance_name, requests_recovery);

create index idx_qrtz_ft_j_g on jobs.qrtz_fired_triggers (sched_name, job_name, job_group);

create index idx_qrtz_ft_t_g on jobs.qrtz_fired_triggers (sched_name, trigger_name, trigger_group);

create table jobs.runs (
    id uuid primary key,
    job text not null,
    fire_time timestamptz not null,
    state text not null check (state in ('running', 'done', 'failed', 'interrupted')),
    started_at timestamptz not null,
    ended_at timestamptz,
    message text not null default '',
    unique (job, fire_time)
);
comment on table jobs.runs is 'One row per job and fire time: the row is the right to run it. Rows leave after 90 days.';
create index runs_started on jobs.runs (started_at desc);
create index runs_open on jobs.runs (job) where state = 'running';

create table jobs.host (
    one boolean primary key default true check (one),
    machine text not null,
    process_id integer not null,
    started_at timestamptz not null
);
comment on table jobs.host is 'Who holds the lock on this database: named to whoever tries to start a second host.';

create table kernel.files (
    sha256 bytea primary key check (length(sha256) = 32),
    size bigint not null,
    media_type text not null,
    created_at timestamptz not null
);
comment on table kernel.files is 'Content-addressed files below the data folder. A row leaves with its file a day after its last owner.';

create table kernel.file_owners (
    sha256 bytea not null references kernel.files (sha256),
    owner text not null,
    name text not null,
    added_at timestamptz not null,
    primary key (owner, sha256)
);
comment on table kernel.file_owners is 'Who needs a file and under which name. Rows leave with their owner.';
create index file_owners_file on kernel.file_owners (sha256);

create table kernel.drafts (
    user_id uuid not null,
    place text not null,
    body text not null,
    saved_at timestamptz not null,
    primary key (user_id, place)
);
comment on table kernel.drafts is 'Unfinished input. Rows leave when sent, or 90 days after they were saved.';
create index drafts_saved on kernel.drafts (saved_at);

create table kernel.preferences (
    user_id uuid primary key,
    body jsonb not null,
    changed_at timestamptz not null
);
comment on table kernel.preferences is 'How a person wants the console. One row a person.';

create table kernel.settings (
    key text primary key,
    value jsonb not null,
    changed_at timestamptz not null,
    changed_by uuid not null
);
comment on table kernel.settings is 'Settings of the site that change while the host runs. One row a setting.';
