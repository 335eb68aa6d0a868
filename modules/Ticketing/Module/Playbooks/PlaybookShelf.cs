using System.Text.Json;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;

namespace Appliance.Ticketing.Playbooks;

/// <summary>All playbooks: those shipped, and above them what the team wrote, changed or retired.</summary>
internal static class PlaybookShelf
{
    /// <summary>So many may stand on it; they are read whole.</summary>
    public const int Most = 200;

    private const string Columns = "select p.id, p.version, p.retired_at, p.changed_at, p.changed_by, v.fields::text as fields";

    private const string Kept = "from ticketing.playbooks p left join ticketing.playbook_versions v on v.playbook_id = p.id and v.version = p.version";

    private const string Every = $"{Columns} {Kept} order by p.id limit 1000";

    private const string One = $"{Columns} {Kept} where p.id = @Id";

    private const string Touch = "insert into ticketing.playbooks (id, version, changed_at, changed_by) values (@Id, 1, @Now, @By) on conflict (id) do nothing";

    private const string Lock = "select p.version from ticketing.playbooks p where p.id = @Id for update";

    public static async Task<IReadOnlyList<Playbook>> AllAsync(Database database, CancellationToken cancel)
    {
        var kept = (await database.QueryAsync<PlaybookRow>(Every, null, cancel)).ToDictionary(r => r.Id);
        return [.. ShippedPlaybooks.All.Where(s => !kept.ContainsKey(s.Id)), .. kept.Values.Select(r => r.Read())];
    }

    public static async Task<Playbook?> FindAsync(Database database, Guid id, CancellationToken cancel) =>
        (await database.FindAsync<PlaybookRow>(One, new { Id = id }, cancel))?.Read() ?? ShippedPlaybooks.Find(id);

    public static async Task<Playbook?> FindAsync(Work work, Guid id, CancellationToken cancel) =>
        (await work.FindAsync<PlaybookRow>(One, new { Id = id }, cancel))?.Read() ?? ShippedPlaybooks.Find(id);

    /// <summary>The playbook, locked for the act. A shipped one that nobody touched yet gets its row.</summary>
    public static async Task<Playbook?> LockAsync(Work work, Guid id, CancellationToken cancel)
    {
        if (ShippedPlaybooks.Find(id) is not null)
            await work.ExecuteAsync(Touch, new { Id = id, work.Now, By = work.Viewer.Name }, cancel);
        return await work.FindAsync<int?>(Lock, new { Id = id }, cancel) is null ? null : await FindAsync(work, id, cancel);
    }

    private sealed class PlaybookRow
    {
        public Guid Id { get; set; }

        public int Version { get; set; }

        public DateTimeOffset? RetiredAt { get; set; }

        public DateTimeOffset ChangedAt { get; set; }

        public string ChangedBy { get; set; } = "";

        public string? Fields { get; set; }

        public Playbook Read()
        {
            var shipped = ShippedPlaybooks.Find(Id);
            // Without a version of the team's own it is the shipped one, retired or taken up again.
            var fields = Fields is null ? shipped!.Fields : JsonSerializer.Deserialize<PlaybookFields>(Fields, OutboxJson.Options)!;
            return new(Id, Version, fields, shipped is not null, ChangedAt, ChangedBy, RetiredAt);
        }
    }
}
