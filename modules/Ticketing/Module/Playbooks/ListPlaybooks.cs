using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Playbooks;

/// <summary>A line of the list of playbooks.</summary>
/// <param name="Name">In the viewer's language.</param>
/// <param name="Languages">In which it is written.</param>
internal sealed record PlaybookLine(Guid Id, int Version, string Name, IReadOnlyList<string> Languages, IReadOnlyList<string> Types, IReadOnlyList<int> Severities, int Steps, bool Shipped, DateTimeOffset? ChangedAt, string? ChangedBy, DateTimeOffset? RetiredAt);

/// <summary>Lists playbooks by name; the request says whether those that were retired are listed instead.</summary>
internal sealed class ListPlaybooks(Database database) : Query<bool, IReadOnlyList<PlaybookLine>>
{
    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<PlaybookLine>>> HandleAsync(Viewer viewer, bool request, CancellationToken cancel)
    {
        if (viewer.Constituent is not null)
            return Array.Empty<PlaybookLine>();
        return (await PlaybookShelf.AllAsync(database, cancel))
            .Where(p => p.RetiredAt is not null == request)
            .Select(p => new PlaybookLine(
                p.Id, p.Version, InLanguage.Of(p.Fields.Names), [.. Contracts.Languages.All.Where(p.Fields.Names.ContainsKey)], p.Fields.Types, p.Fields.Severities, p.Fields.Steps.Count, p.Shipped, p.ChangedAt, p.ChangedBy, p.RetiredAt))
            .OrderBy(p => p.Name, StringComparer.Create(System.Globalization.CultureInfo.GetCultureInfo(InLanguage.Writer), ignoreCase: true))
            .ToArray();
    }
}
