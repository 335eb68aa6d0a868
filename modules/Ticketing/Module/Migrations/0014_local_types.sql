-- readable-by: 0.1.0
create table ticketing.local_types (
    id uuid primary key,
    code text not null unique check (code ~ '^[a-z0-9-]+/[a-z0-9-]+/[a-z0-9-]+$'),
    version integer not null default 1,
    names jsonb not null check (jsonb_typeof(names) = 'object'),
    retired_at timestamptz,
    changed_at timestamptz not null,
    changed_by text not null
);
comment on table ticketing.local_types is 'Types of incidents of the team''s own, each below one of the taxonomy: its code is that type and a third part. Kept for ever, since incidents carry the code.';
