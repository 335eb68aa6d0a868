-- readable-by: 0.1.0
-- Reports ask for a span of time over tables that are written in its order: a few pages of index each, and nothing to keep up while alerts come in.
create index group_hours_hour on sensing.group_hours using brin (hour) with (pages_per_range = 32, autosummarize = on);
create index group_history_at on sensing.group_history using brin (at) with (pages_per_range = 32, autosummarize = on);
