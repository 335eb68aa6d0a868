-- readable-by: 0.1.0
create table kernel.notices (
    id uuid primary key,
    user_id uuid not null references identity.users (id) on delete cascade,
    at timestamptz not null,
    key text not null,
    arguments text[] not null,
    about text not null,
    link text not null check (link like '/%' and link not like '//%'),
    by_name text not null,
    times integer not null default 1,
    read_at timestamptz
);
comment on table kernel.notices is 'What people are told of what others did to their work: numbers and names of colleagues, never text of the thing itself. Rows leave after 90 days.';
create index notices_of on kernel.notices (user_id, id desc);
create unique index notices_unread on kernel.notices (user_id, about, key) where read_at is null;
create index notices_made on kernel.notices (at);
