-- readable-by: 0.1.0
create table ticketing.playbooks (
    id uuid primary key,
    version integer not null check (version > 0),
    retired_at timestamptz,
    changed_at timestamptz not null,
    changed_by text not null
);
comment on table ticketing.playbooks is 'Playbooks that somebody wrote, changed or retired; those shipped and left as they are stand in the program alone. Kept: tasks name them.';

create table ticketing.playbook_versions (
    playbook_id uuid not null references ticketing.playbooks (id),
    version integer not null check (version > 0),
    at timestamptz not null,
    by_id uuid not null,
    by_name text not null,
    fields jsonb not null,
    primary key (playbook_id, version)
);
comment on table ticketing.playbook_versions is 'Every version of a playbook; only added to. Version 1 of a shipped one stands in the program. Kept with the playbook.';

create table ticketing.playbook_runs (
    id uuid primary key,
    incident_id uuid not null references ticketing.incidents (id),
    playbook_id uuid not null,
    version integer not null,
    names jsonb not null check (names - array['en', 'fr', 'es', 'ar', 'zh', 'ru'] = '{}'::jsonb and names <> '{}'::jsonb),
    at timestamptz not null,
    by_name text not null
);
comment on table ticketing.playbook_runs is 'Each start of a playbook on an incident, with the version and the name it had then. Kept with the incident.';
create index playbook_runs_incident on ticketing.playbook_runs (incident_id);

create table ticketing.tasks (
    id uuid primary key,
    incident_id uuid not null references ticketing.incidents (id),
    run_id uuid references ticketing.playbook_runs (id),
    position integer not null,
    texts jsonb not null check (texts - array['en', 'fr', 'es', 'ar', 'zh', 'ru'] = '{}'::jsonb and texts <> '{}'::jsonb),
    who text not null check (who in ('owner', 'any', 'role:manager', 'role:analyst', 'role:operator')),
    state text not null default 'open' check (state in ('open', 'doing', 'done', 'skipped')),
    assignee_id uuid,
    assignee_name text,
    due_at timestamptz,
    note text not null default '',
    reason text not null default '',
    version integer not null default 1,
    added_at timestamptz not null,
    added_by text not null,
    changed_at timestamptz not null,
    changed_by text not null,
    ended_at timestamptz,
    skip_act uuid references ticketing.acts (id) deferrable initially deferred,
    skip_from text,
    check ((assignee_id is null) = (assignee_name is null)),
    check ((ended_at is null) = (state in ('open', 'doing'))),
    check (state <> 'skipped' or reason <> '')
);
comment on table ticketing.tasks is 'What is to be done for an incident. A copy of the step it comes from: a playbook changed later changes none of them. Kept with the incident.';
comment on column ticketing.tasks.skip_act is 'The act on several that skipped it by closing its incident; taking that act back gives it back as skip_from.';
create index tasks_incident on ticketing.tasks (incident_id, position);
create index tasks_open on ticketing.tasks (due_at, id) where state in ('open', 'doing');
create index tasks_assignee on ticketing.tasks (assignee_id) where state in ('open', 'doing');
create index tasks_skip_act on ticketing.tasks (skip_act) where skip_act is not null;
