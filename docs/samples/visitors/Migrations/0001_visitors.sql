-- readable-by: 0.1.0
create schema visitors;

create table visitors.visits (
    id uuid primary key,
    name text not null,
    host text not null default '',
    came_at timestamptz not null,
    left_at timestamptz
);
comment on table visitors.visits is 'Who came. Rows leave after a year.';
