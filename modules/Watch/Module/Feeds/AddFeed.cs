using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;

namespace Appliance.Watch.Feeds;

/// <summary>Adds a source; it is read at the next round.</summary>
internal sealed class AddFeed(Database database) : Act<FeedFields, Guid>(database)
{
    private const string Insert =
        """
        insert into watch.feeds (id, name, url, kind, every_minutes, mapping, item_tlp, exercise, next_at, created_at)
        values (@Id, @Name, @Url, @Kind, @EveryMinutes, @Mapping::jsonb, @Tlp, @Exercise, @Now, @Now)
        on conflict do nothing
        """;

    public override Permission Permission => Permissions.ManageFeeds;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, FeedFields request, CancellationToken cancel)
    {
        var fields = request.Tidy();
        var faults = fields.Faults().ToList();
        if (faults.Count > 0)
            return Outcome<Guid>.Refused(faults);
        var id = Guid.CreateVersion7();
        var mapping = JsonSerializer.Serialize(fields.Mapping, OutboxJson.Options);
        if (await work.ExecuteAsync(Insert, new { Id = id, fields.Name, fields.Url, fields.Kind, fields.EveryMinutes, Mapping = mapping, Tlp = (short)fields.Tlp, fields.Exercise, work.Now }, cancel) == 0)
            return Refuse.Conflict("watch.refused.feed-twice", fields.Url);
        work.Audit("watch.feed.added", $"feed/{id}", new { fields.Name, fields.Url, fields.Kind });
        return id;
    }
}

/// <summary>New fields for a source; the version is the one the editor saw.</summary>
internal sealed record FeedEdit(Guid Id, int Version, FeedFields Fields);

/// <summary>Changes a source.</summary>
internal sealed class EditFeed(Database database) : Act<FeedEdit, Done>(database)
{
    private const string Taken = "select exists (select 1 from watch.feeds where url = @Url and url <> '' and archived_at is null and id <> @Id)";

    private const string Update =
        """
        update watch.feeds
        set name = @Name, url = @Url, kind = @Kind, every_minutes = @EveryMinutes, mapping = @Mapping::jsonb, item_tlp = @Tlp, version = version + 1,
          etag = null, last_modified = null, next_at = @Now
        where id = @Id and version = @Version and archived_at is null
        """;

    public override Permission Permission => Permissions.ManageFeeds;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, FeedEdit request, CancellationToken cancel)
    {
        var fields = request.Fields.Tidy();
        var faults = fields.Faults().ToList();
        if (faults.Count > 0)
            return Outcome<Done>.Refused(faults);
        if (await work.FindAsync<bool>(Taken, new { fields.Url, request.Id }, cancel))
            return Refuse.Conflict("watch.refused.feed-twice", fields.Url);
        var mapping = JsonSerializer.Serialize(fields.Mapping, OutboxJson.Options);
        if (await work.ExecuteAsync(Update, new { request.Id, request.Version, fields.Name, fields.Url, fields.Kind, fields.EveryMinutes, Mapping = mapping, Tlp = (short)fields.Tlp, work.Now }, cancel) == 0)
            return Refuse.Conflict("watch.refused.feed-changed");
        work.Audit("watch.feed.edited", $"feed/{request.Id}", new { fields.Name, fields.Url, fields.Kind });
        return default(Done);
    }
}
