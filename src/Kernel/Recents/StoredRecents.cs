using Appliance.Contracts;
using Appliance.Kernel.Data;
using Microsoft.Extensions.Logging;

namespace Appliance.Kernel.Recents;

/// <summary>What people had open, as addresses in the database. Titles are asked of the modules each time, so that a marking that changed holds at once.</summary>
internal sealed class StoredRecents(Database database, IEnumerable<IThings> sources, TimeProvider time, ILogger<StoredRecents> log) : IRecents
{
    private const int Kept = 50;

    private const int LongestPath = 300;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1.5);

    // The oldest beyond those kept go with the write that makes them so.
    private const string Note =
        """
        with noted as (
            insert into kernel.recents (user_id, path, opened_at)
            select id, @Path, @Now from identity.users where id = @User and state = 'active'
            on conflict (user_id, path) do update set opened_at = excluded.opened_at
            returning user_id)
        delete from kernel.recents
        where user_id in (select user_id from noted) and path <> @Path
          and path in (select path from kernel.recents where user_id = @User and path <> @Path order by opened_at desc offset @Kept)
        """;

    private const string Newest = "select path, opened_at as at from kernel.recents where user_id = @User order by opened_at desc limit @Kept";

    public async Task OpenedAsync(Viewer viewer, string path, CancellationToken cancel)
    {
        if (path.Length <= LongestPath && sources.Any(t => t.Owns(path)))
            await database.ExecuteAsync(Note, new { User = viewer.Id.Value, Path = path, Now = time.GetUtcNow(), Kept = Kept - 1 }, cancel);
    }

    public async Task<IReadOnlyList<Recent>> ListAsync(Viewer viewer, int limit, CancellationToken cancel)
    {
        var rows = await database.QueryAsync<Row>(Newest, new { User = viewer.Id.Value, Kept }, cancel);
        List<Thing> things = [];
        // One after the other: at most fifty keys among them, each found by an index.
        foreach (var source in sources)
        {
            string[] own = [.. rows.Select(r => r.Path).Where(source.Owns)];
            if (own.Length > 0)
                things.AddRange(await AskAsync(source, viewer, own, cancel));
        }

        var known = things.ToLookup(t => t.Path, StringComparer.Ordinal);
        return [.. rows.SelectMany(r => known[r.Path].Take(1).Select(t => new Recent(t, r.At))).Take(limit)];
    }

    // A module that fails or is late costs only its own lines.
    private async Task<IReadOnlyList<Thing>> AskAsync(IThings source, Viewer viewer, string[] paths, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(s_patience);
        try
        {
            return await source.FindAsync(viewer, paths, patience.Token).WaitAsync(patience.Token);
        }
        catch (Exception fault) when (!cancel.IsCancellationRequested)
        {
            KernelLog.ThingsFailed(log, source.GetType().Name, fault);
            return [];
        }
    }

    private sealed class Row
    {
        public string Path { get; set; } = "";

        public DateTimeOffset At { get; set; }
    }
}
