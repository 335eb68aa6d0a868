-- readable-by: 0.1.0
-- Words of all languages: what has no spaces between words (Chinese, Japanese, Korean) and what writes small words onto others (Arabic) is kept by pairs of letters, all else by word.
create function ticketing.folded(given text) returns text
language sql immutable strict parallel safe
return btrim(regexp_replace(
    translate(lower(left(given, 20000) collate "und-x-icu"), U&'\0623\0625\0622\0671\0649\0629\0624\0626\0640\064B\064C\064D\064E\064F\0650\0651\0652\0670', U&'\0627\0627\0627\0627\064A\0647\0648\064A'),
    '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\xbf\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\u060c\u061b\u061f\u00d7\u00f7]+', ' ', 'g'));
comment on function ticketing.folded is 'Lower case, Arabic letters of one sound as one, no vowel signs, everything that is no letter or digit a space; at most 20,000 letters.';

create function ticketing.is_gram(letter text) returns boolean
language sql immutable strict parallel safe
return ascii(letter) between 1536 and 1791 or ascii(letter) between 12352 and 12543 or ascii(letter) between 13312 and 19903 or ascii(letter) between 19968 and 40959 or ascii(letter) between 44032 and 55215;
comment on function ticketing.is_gram is 'True for a letter of a script that is kept by pairs.';

create function ticketing.spaced(folded text) returns text
language sql immutable strict parallel safe
as $$
    select regexp_replace(string_agg(case when u.gram then ' ' || u.letter || case when u.next_gram then u.next else '' end || ' ' else u.letter end, '' order by u.n), ' +', ' ', 'g')
    from (
        select c.letter, c.n, ticketing.is_gram(c.letter) as gram, lead(c.letter) over (order by c.n) as next, coalesce(ticketing.is_gram(lead(c.letter) over (order by c.n)), false) as next_gram
        from unnest(string_to_array(folded, null)) with ordinality as c (letter, n)
    ) u
$$;

create function ticketing.grams(given text) returns tsvector
language plpgsql immutable strict parallel safe
as $$
declare
    folded text := ticketing.folded(given);
begin
    if folded ~ '[\u0600-\u06ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]' then
        folded := ticketing.spaced(folded);
    end if;
    return (
        select coalesce(string_agg('''' || left(t.word, 200) || ''':' || least(t.n, 16383), ' '), '')::tsvector
        from unnest(string_to_array(folded, ' ')) with ordinality as t (word, n)
        where t.word <> '');
end
$$;
comment on function ticketing.grams is 'What a text can be found by.';

create function ticketing.asked(given text) returns tsquery
language plpgsql immutable strict parallel safe
as $$
declare
    term text;
    part text;
    run text;
    phrase text[];
    parts text[] := '{}';
    tail text;
begin
    foreach term in array regexp_split_to_array(left(given, 200), '\s+') loop
        phrase := '{}';
        tail := null;
        foreach part in array regexp_split_to_array(trim(ticketing.folded(term)), '\s+') loop
            for run in select m.found[1] from regexp_matches(part, '[\u0600-\u06ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+|[^\u0600-\u06ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+', 'g') as m (found) loop
                -- The last letter of a run stands alone too, before what follows it.
                if tail is not null then
                    phrase := phrase || ('''' || tail || '''');
                end if;
                if not ticketing.is_gram(left(run, 1)) then
                    phrase := phrase || ('''' || left(run, 200) || '''');
                    tail := null;
                elsif length(run) = 1 then
                    phrase := phrase || ('''' || run || ''':*');
                    tail := null;
                else
                    phrase := phrase || array(select '''' || substr(run, i, 2) || '''' from generate_series(1, length(run) - 1) i);
                    tail := right(run, 1);
                end if;
            end loop;
        end loop;
        if cardinality(phrase) = 0 then
            continue;
        end if;
        -- The beginning of a word finds it; two letters would find too much.
        if not ticketing.is_gram(substr(phrase[cardinality(phrase)], 2, 1)) and length(phrase[cardinality(phrase)]) > 4 then
            phrase[cardinality(phrase)] := phrase[cardinality(phrase)] || ':*';
        end if;
        parts := parts || ('(' || array_to_string(phrase, ' <-> ') || ')');
    end loop;
    return case when cardinality(parts) > 0 then array_to_string(parts, ' & ')::tsquery end;
end
$$;
comment on function ticketing.asked is 'The question that finds what ticketing.grams made: all words, parts of a dotted name in their order, the last one by its beginning.';

alter table ticketing.incidents add column grams tsvector generated always as (ticketing.grams(number || ' ' || title || ' ' || summary)) stored;
create index incidents_grams on ticketing.incidents using gin (grams);
alter table ticketing.reports add column grams tsvector generated always as (ticketing.grams(subject || ' ' || sender || ' ' || sender_name || ' ' || text)) stored;
create index reports_grams on ticketing.reports using gin (grams);
alter table ticketing.timeline add column grams tsvector generated always as (ticketing.grams(text || ' ' || coalesce(detail ->> 'subject', '') || ' ' || coalesce(detail ->> 'from', ''))) stored;
create index timeline_grams on ticketing.timeline using gin (grams);

create table ticketing.note_versions (
    note_id uuid not null references ticketing.timeline (id),
    version integer not null check (version > 1),
    at timestamptz not null,
    by_id uuid not null,
    by_name text not null,
    text text not null,
    grams tsvector generated always as (ticketing.grams(text)) stored,
    primary key (note_id, version)
);
comment on table ticketing.note_versions is 'Later versions of notes; the first is the entry of the timeline. Only added to, kept with the incident.';
create index note_versions_grams on ticketing.note_versions using gin (grams);
