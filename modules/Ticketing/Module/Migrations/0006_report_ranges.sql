-- readable-by: 0.1.0
-- Reports ask what was opened and what was closed in a span of time.
create index incidents_opened on ticketing.incidents (opened_at);
create index incidents_closed on ticketing.incidents (closed_at) where closed_at is not null;
