using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Notices;

/// <summary>Notices in the database.</summary>
internal sealed class StoredNotices(Database database, TimeProvider time) : INotices
{
    private const string Newest =
        """
        select id, at, key, by_name, arguments, link, times, read_at is null as unread
        from kernel.notices
        where user_id = @User and (not @Unread or read_at is null) and (@After::uuid is null or id < @After)
        order by id desc
        limit @Limit
        """;

    private const string Read = "update kernel.notices set read_at = @Now where user_id = @User and read_at is null and (@Link::text is null or link = @Link)";

    public async Task<Page<Notice>> ListAsync(Viewer viewer, bool unread, string? after, int limit, CancellationToken cancel)
    {
        limit = Math.Clamp(limit, 1, 200);
        var parameters = new { User = viewer.Id.Value, Unread = unread, After = Guid.TryParse(after, out var key) ? key : (Guid?)null, Limit = limit + 1 };
        var rows = await database.QueryAsync<NoticeRow>(Newest, parameters, cancel);
        Notice[] notices = [.. rows.Take(limit).Select(r => new Notice(r.Id, r.At, r.Key, r.ByName, r.Arguments, r.Link, r.Times, r.Unread))];
        return new(notices, rows.Count > limit ? notices[^1].Id.ToString() : null);
    }

    public Task<int> ReadAsync(Viewer viewer, string? link, CancellationToken cancel) =>
        database.ExecuteAsync(Read, new { User = viewer.Id.Value, Link = link, Now = time.GetUtcNow() }, cancel);

    private sealed class NoticeRow
    {
        public Guid Id { get; set; }

        public DateTimeOffset At { get; set; }

        public string Key { get; set; } = "";

        public string ByName { get; set; } = "";

        public string[] Arguments { get; set; } = [];

        public string Link { get; set; } = "";

        public int Times { get; set; }

        public bool Unread { get; set; }
    }
}
