-- readable-by: 0.1.0
-- Indicators come from peers and from the country's own advisories, and are looked for by one form of their value.
alter table sensing.indicators alter column peer drop not null;
alter table sensing.indicators add column advisory uuid;
comment on column sensing.indicators.advisory is 'The advisory that named it, where no peer did.';
alter table sensing.indicators add column origin text not null default '';
comment on column sensing.indicators.origin is 'Number of the advisory that named it; empty for a peer.';
alter table sensing.indicators add column key text;
comment on column sensing.indicators.key is 'The value in the one form in which it is looked for; null when it is not what its type says.';
update sensing.indicators set key = lower(value) where type in ('domain', 'ipv4', 'ipv6');
update sensing.indicators set key = value where type = 'url';
create index indicators_key on sensing.indicators (key) where ended_at is null;
create index indicators_advisory on sensing.indicators (advisory) where advisory is not null;
update sensing.rule_sources set name = 'Indicators' where kind = 'indicators';
