-- readable-by: 0.1.0
-- The inbox asks every two seconds how many groups are one's own and how many a rule closed: without these it walks every open and every closed group of the window.
create index alert_groups_owner on sensing.alert_groups (owner_id, last_received) where owner_id is not null;
create index alert_groups_closed_by_rule on sensing.alert_groups (last_received) where closed_by_rule is not null;
