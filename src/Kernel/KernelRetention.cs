using Appliance.Kernel.Modules;

namespace Appliance.Kernel;

/// <summary>When the rows of the kernel's growing tables leave.</summary>
internal static class KernelRetention
{
    private const string Facts =
        """
        delete from kernel.outbox_events
        where id in (
            select e.id from kernel.outbox_events e
            where e.occurred_at < @before
              and not exists (select 1 from kernel.outbox_deliveries d where d.event_id = e.id and (d.state in ('waiting', 'parked') or d.done_at >= @before))
            limit 5000)
        """;

    private const string Runs = "delete from jobs.runs where id in (select id from jobs.runs where started_at < @before and state <> 'running' limit 5000)";

    // A job of every few seconds fills the table; its good runs are not news after a week. The latest of each job stays.
    private const string GoodRuns =
        """
        delete from jobs.runs
        where id in (
            select r.id from jobs.runs r
            where r.started_at < @before and r.state = 'done'
              and exists (select 1 from jobs.runs n where n.job = r.job and n.fire_time > r.fire_time and n.state = 'done')
            limit 5000)
        """;

    private const string Sessions = "delete from identity.sessions where id in (select id from identity.sessions where coalesce(ended_at, ends_at) < @before limit 5000)";

    private const string Links = "delete from identity.links where id in (select id from identity.links where expires_at < @before limit 5000)";

    private const string Tries = "delete from identity.tries where (kind, key) in (select kind, key from identity.tries where last_at < @before and coalesce(locked_until, last_at) < @before limit 5000)";

    private const string KeptAnswers = "delete from kernel.kept_answers where (holder, key) in (select holder, key from kernel.kept_answers where begun_at < @before limit 5000)";

    private const string WebhookDeliveries =
        "delete from kernel.webhook_deliveries where id in (select id from kernel.webhook_deliveries where created_at < @before and state <> 'waiting' limit 5000)";

    private const string Drafts = "delete from kernel.drafts where (user_id, place) in (select user_id, place from kernel.drafts where saved_at < @before limit 5000)";

    private const string Notices = "delete from kernel.notices where id in (select id from kernel.notices where at < @before limit 5000)";

    private const string Recents = "delete from kernel.recents where (user_id, path) in (select user_id, path from kernel.recents where opened_at < @before limit 5000)";

    private const string BulkItems =
        """
        delete from kernel.bulk_items
        where (run_id, item) in (
            select i.run_id, i.item from kernel.bulk_runs r
            join kernel.bulk_items i on i.run_id = r.id
            where r.ended_at < @before
            limit 5000)
        """;

    // The one that takes another back leaves before it.
    private const string BulkRuns =
        """
        delete from kernel.bulk_runs
        where id in (
            select r.id from kernel.bulk_runs r
            where r.ended_at < @before
              and not exists (select 1 from kernel.bulk_items i where i.run_id = r.id)
              and not exists (select 1 from kernel.bulk_runs u where u.undo_of = r.id)
            limit 1000)
        """;

    public static void Describe(IModuleBuilder builder) => builder
        .Retention(new("kernel.outbox_events", 30, Facts))
        .Retention(new("jobs.runs", 90, Runs))
        .Retention(new("jobs.runs.done", 7, GoodRuns))
        .Retention(new("identity.sessions", 90, Sessions))
        .Retention(new("identity.links", 90, Links))
        .Retention(new("identity.tries", 2, Tries))
        .Retention(new("kernel.kept_answers", 2, KeptAnswers))
        .Retention(new("kernel.webhook_deliveries", 30, WebhookDeliveries))
        .Retention(new("kernel.drafts", 90, Drafts))
        .Retention(new("kernel.notices", 90, Notices))
        .Retention(new("kernel.recents", 90, Recents))
        .Retention(new("kernel.bulk_items", 30, BulkItems))
        .Retention(new("kernel.bulk_runs", 30, BulkRuns));
}
