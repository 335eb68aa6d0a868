-- readable-by: 0.1.0
create table kernel.recents (
    user_id uuid not null references identity.users (id) on delete cascade,
    path text not null check (path like '/%' and path not like '//%'),
    opened_at timestamptz not null,
    primary key (user_id, path)
);
comment on table kernel.recents is 'Which pages of things a person had open: addresses alone, never their text. The fifty newest of each stay, and those leave after 90 days.';
create index recents_of on kernel.recents (user_id, opened_at desc);
create index recents_opened on kernel.recents (opened_at);
