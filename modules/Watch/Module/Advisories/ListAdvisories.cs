using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Permissions;
using Appliance.Watch.Desk;

namespace Appliance.Watch.Advisories;

/// <summary>Which advisories to list.</summary>
internal sealed record AdvisoriesWanted(string State = "", string Words = "", string? After = null, int Limit = 50);

/// <summary>One line of the list.</summary>
internal sealed class AdvisoryLine
{
    public Guid Id { get; init; }

    public string Number { get; init; } = "";

    public string State { get; init; } = "";

    public int Revision { get; init; }

    public string Title { get; init; } = "";

    public short Severity { get; init; }

    public string Language { get; init; } = "";

    public string Author { get; init; } = "";

    public DateTimeOffset ChangedAt { get; init; }

    public DateTimeOffset? PublishedAt { get; init; }

    public short Tlp { get; init; }

    public bool Exercise { get; init; }
}

/// <summary>Lists advisories, last changed first.</summary>
internal sealed class ListAdvisories(Database database) : Query<AdvisoriesWanted, Page<AdvisoryLine>>
{
    private const string Select =
        $"""
        select m.id, m.number, m.state, m.revision, m.title, m.severity, m.language, m.author, m.changed_at, m.published_at, m.tlp, m.exercise
        from watch.advisories m
        where {Visible.Rows}
          and (@State = '' or m.state = @State)
          and (@Words = '' or m.number ilike @Like or m.title ilike @Like or m.summary ilike @Like or upper(@Words) = any(m.cves))
          and (@AfterAt::timestamptz is null or (m.changed_at, m.id) < (@AfterAt, @AfterId))
        order by m.changed_at desc, m.id desc
        limit @Limit
        """;

    public override Permission Permission => Permissions.ReadAdvisories;

    protected override async Task<Outcome<Page<AdvisoryLine>>> HandleAsync(Viewer viewer, AdvisoriesWanted request, CancellationToken cancel)
    {
        var limit = Math.Clamp(request.Limit, 1, 200);
        var (afterAt, afterId) = PageKey.Read(request.After);
        var words = (request.Words ?? "").Trim();
        var like = $"%{words.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
        var rows = await database.QueryAsync<AdvisoryLine>(
            Select,
            Visible.With(viewer, new { State = request.State ?? "", Words = words, Like = like, AfterAt = afterAt, AfterId = afterId, Limit = limit + 1 }),
            cancel);
        var page = rows.Take(limit).ToList();
        return new Page<AdvisoryLine>(page, rows.Count > limit ? PageKey.Write(page[^1].ChangedAt, page[^1].Id) : null);
    }
}

/// <summary>Advisories in the top bar's search.</summary>
internal sealed class AdvisorySearch(ListAdvisories list) : ISearchSource
{
    public async Task<IReadOnlyList<SearchHit>> FindAsync(Viewer viewer, string words, int limit, CancellationToken cancel)
    {
        var found = await list.RunAsync(viewer, new(Words: words, Limit: limit), cancel);
        return found.TryGet(out var page) ? [.. page.Items.Select(a => new SearchHit("watch.kind.advisory", $"{a.Number} {a.Title}", $"/watch/advisories/{a.Number}", a.ChangedAt))] : [];
    }
}
