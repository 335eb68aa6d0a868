-- readable-by: 0.1.0
create table kernel.backups (
    id uuid primary key,
    made_at timestamptz not null,
    file text not null,
    bytes bigint not null,
    seconds double precision not null,
    table_rows bigint not null,
    files integer not null,
    lost integer not null
);
comment on table kernel.backups is 'Backups that were written whole, newest last. What they hold is in themselves.';
create index on kernel.backups (made_at desc);
