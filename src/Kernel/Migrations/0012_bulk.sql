-- readable-by: 0.1.0
create table kernel.bulk_runs (
    id uuid primary key,
    user_id uuid not null references identity.users (id),
    act text not null,
    title_key text not null,
    said_key text not null,
    argument jsonb not null,
    query jsonb,
    undo_of uuid references kernel.bulk_runs (id) on delete cascade,
    state text not null check (state in ('choosing', 'running', 'done', 'cancelled', 'ended')),
    reason jsonb,
    total integer not null default 0,
    done integer not null default 0,
    left_over integer not null default 0,
    parts integer not null default 0,
    chosen_to uuid not null default '00000000-0000-0000-0000-000000000000',
    worked_to uuid not null default '00000000-0000-0000-0000-000000000000',
    started_at timestamptz not null,
    worked_at timestamptz,
    ended_at timestamptz,
    put_away_at timestamptz,
    check ((ended_at is null) = (state in ('choosing', 'running')))
);
comment on table kernel.bulk_runs is 'Acts on many items, worked by the host in parts; one that takes another back names it. Rows leave 30 days after their end, with their items.';
create index bulk_runs_live on kernel.bulk_runs (user_id) where ended_at is null;
create index bulk_runs_of on kernel.bulk_runs (user_id, started_at desc, id desc);
create index bulk_runs_ended on kernel.bulk_runs (ended_at);
create index bulk_runs_undo on kernel.bulk_runs (undo_of) where undo_of is not null;

create table kernel.bulk_items (
    run_id uuid not null references kernel.bulk_runs (id),
    item uuid not null,
    reason jsonb,
    primary key (run_id, item)
);
comment on table kernel.bulk_items is 'What an act on many is for, fixed when it began, worked in the order of the ids: what lies behind the mark of its run is done, or was left with a reason. Rows leave with their run.';
create index bulk_items_left on kernel.bulk_items (run_id, item) where reason is not null;

create table kernel.bulk_parts (
    run_id uuid not null references kernel.bulk_runs (id) on delete cascade,
    part integer not null,
    after uuid not null,
    upto uuid not null,
    token uuid not null,
    done integer not null,
    undone_by uuid,
    primary key (run_id, part)
);
comment on table kernel.bulk_parts is 'Parts of acts on many, one transaction each, and the name under which the module takes a part back. Rows leave with their run.';
