-- readable-by: 0.1.0
create table kernel.saved_views (
    id uuid primary key,
    page text not null,
    owner_id uuid not null,
    owner_name text not null,
    name text not null check (length(name) between 1 and 80),
    query text not null check (length(query) <= 2000),
    shared boolean not null,
    saved_at timestamptz not null,
    unique (owner_id, page, name)
);
comment on table kernel.saved_views is 'Filters and columns of lists under a name. Rows leave when their owner removes them; at most 50 a person and page.';
create index saved_views_shared on kernel.saved_views (page) where shared;
