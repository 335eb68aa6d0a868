-- readable-by: 0.1.0
create table kernel.kept_answers (
    holder uuid not null,
    key text not null,
    request bytea not null,
    begun_at timestamptz not null,
    status integer,
    content_type text,
    location text,
    tag text,
    body bytea,
    primary key (holder, key)
);
comment on table kernel.kept_answers is 'Answers to API requests that carried an idempotency key. Rows leave after two days.';
create index kept_answers_begun on kernel.kept_answers (begun_at);

create table kernel.webhooks (
    id uuid primary key,
    name text not null,
    url text not null,
    events text[] not null,
    secret text not null,
    old_secret text,
    old_until timestamptz,
    active boolean not null default true,
    created_at timestamptz not null,
    created_by uuid not null
);
comment on table kernel.webhooks is 'Programs elsewhere that are told of facts. Secrets are protected by the appliance''s keys.';
create unique index webhooks_name on kernel.webhooks (lower(name));

create table kernel.webhook_deliveries (
    id uuid primary key,
    webhook_id uuid not null references kernel.webhooks (id) on delete cascade,
    event_id uuid not null,
    name text not null,
    body text not null,
    state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
    tries integer not null default 0,
    created_at timestamptz not null,
    due_at timestamptz not null,
    done_at timestamptz,
    status integer,
    answer text
);
comment on table kernel.webhook_deliveries is 'What each webhook was told. Rows leave 30 days after they were made, unless they still wait.';
create index webhook_deliveries_due on kernel.webhook_deliveries (due_at) where state = 'waiting';
create index webhook_deliveries_log on kernel.webhook_deliveries (webhook_id, id desc);
create index webhook_deliveries_made on kernel.webhook_deliveries (created_at);
