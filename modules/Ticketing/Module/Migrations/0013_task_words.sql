-- readable-by: 0.1.0
-- What is to be done for an incident is found by its words as notes are, in whatever language it was written.
create function ticketing.step_words(texts jsonb) returns text
language sql immutable strict parallel safe
return (select coalesce(string_agg(w #>> '{}', ' '), '') from jsonb_path_query(texts, '$.*.*') as w);
comment on function ticketing.step_words is 'Titles and texts of a step in all its languages, without the names of members.';

alter table ticketing.tasks add column grams tsvector generated always as (ticketing.grams(ticketing.step_words(texts) || ' ' || note || ' ' || reason)) stored;
create index tasks_grams on ticketing.tasks using gin (grams);

-- Nothing asks for it since words are kept by pairs.
alter table ticketing.incidents drop column words;
