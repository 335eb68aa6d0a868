-- readable-by: 0.1.0
create schema probe;

create table probe.seen (
    at bigint generated always as identity primary key,
    event_id uuid not null,
    thing text not null,
    number integer not null
);

create table probe.ran (
    at bigint generated always as identity primary key,
    job text not null
);
