-- readable-by: 0.1.0
-- Reports ask what became of messages in a span of time.
create index deliveries_changed on watch.deliveries (changed_at);
