using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Watch.Desk;

/// <summary>An item with all that is known of it.</summary>
internal sealed record ItemSheet(ItemRow Item, IReadOnlyList<ItemSource> Sources, IReadOnlyList<ItemMatchLine> Matches)
{
    public Marking Marking => new((Tlp)Item.Tlp, (Pap)Item.Pap, Item.Exercise);
}

/// <summary>The item itself.</summary>
internal sealed class ItemRow
{
    public Guid Id { get; init; }

    public string Title { get; init; } = "";

    public string Summary { get; init; } = "";

    public string? Link { get; init; }

    public string Origin { get; init; } = "";

    public string Source { get; init; } = "";

    public DateTimeOffset? PublishedAt { get; init; }

    public DateTimeOffset ReceivedAt { get; init; }

    public string State { get; init; } = "";

    public string? DecidedBy { get; init; }

    public DateTimeOffset? DecidedAt { get; init; }

    public string? AdvisoryNumber { get; init; }

    public string[] Cves { get; init; } = [];

    public short Tlp { get; init; }

    public short Pap { get; init; }

    public bool Exercise { get; init; }
}

/// <summary>One source that reported it.</summary>
internal sealed record ItemSource(string Source, string? Link, DateTimeOffset SeenAt);

/// <summary>One reason why it concerns us.</summary>
internal sealed record ItemMatchLine(string Kind, string Value, string Reason, ConstituentId? ConstituentId, string? Constituent);

/// <summary>Shows one item and notes that this person has read it.</summary>
internal sealed class ShowItem(Database database, TimeProvider time) : Query<Guid, ItemSheet>
{
    private const string Select =
        $"""
        select m.id, m.title, m.summary, m.link, m.origin, m.source, m.published_at, m.received_at, m.state, m.decided_by, m.decided_at, m.cves, m.tlp, m.pap, m.exercise,
          (select a.number from watch.advisories a where a.id = m.advisory_id) as advisory_number
        from watch.items m
        where m.id = @Id and {Visible.Rows}
        """;

    private const string SelectSources = "select source, link, seen_at from watch.item_sources where item_id = @Id order by seen_at";

    private const string SelectMatches = "select kind, value, reason, constituent_id, constituent from watch.item_matches where item_id = @Id order by kind, value";

    private const string NoteRead = "insert into watch.item_reads (item_id, person_id, read_at) values (@Id, @Person, @Now) on conflict do nothing";

    public override Permission Permission => Permissions.ReadItems;

    protected override async Task<Outcome<ItemSheet>> HandleAsync(Viewer viewer, Guid request, CancellationToken cancel)
    {
        var item = await database.FindAsync<ItemRow>(Select, Visible.With(viewer, new { Id = request }), cancel);
        if (item is null)
            return Refuse.NotFound("watch.refused.no-item");
        var sources = await database.QueryAsync<ItemSource>(SelectSources, new { Id = request }, cancel);
        var matches = await database.QueryAsync<ItemMatchLine>(SelectMatches, new { Id = request }, cancel);
        await database.ExecuteAsync(NoteRead, new { Id = request, Person = viewer.Id.Value, Now = time.GetUtcNow() }, cancel);
        return new ItemSheet(item, sources, matches);
    }
}
