-- readable-by: 0.1.0
create table kernel.backup_checks (
    id uuid primary key,
    backup_id uuid not null references kernel.backups (id) on delete cascade,
    at timestamptz not null,
    by_name text not null,
    whole boolean not null,
    words text not null,
    seconds double precision not null
);
comment on table kernel.backup_checks is 'Which backups were read from the first byte to the last with the recovery key, and what came of it. Kept with the note of the backup.';
create index backup_checks_of on kernel.backup_checks (backup_id, at desc);
create index backup_checks_good on kernel.backup_checks (at desc) where whole;
