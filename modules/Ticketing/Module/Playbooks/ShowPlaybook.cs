using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;

namespace Appliance.Ticketing.Playbooks;

/// <summary>Which playbook, and which version of it.</summary>
/// <param name="Version">Null for the one that stands.</param>
internal sealed record PlaybookWanted(Guid Playbook, int? Version = null);

/// <summary>A playbook with its versions, the newest first.</summary>
/// <param name="Shown">The version that <paramref name="Fields"/> are of.</param>
/// <param name="Version">The one that stands.</param>
internal sealed record PlaybookSheet(Guid Id, int Version, int Shown, PlaybookFields Fields, bool Shipped, DateTimeOffset? RetiredAt, IReadOnlyList<PlaybookVersion> Versions);

/// <summary>One version; the shipped one has neither time nor author.</summary>
internal sealed record PlaybookVersion(int Version, DateTimeOffset? At, string? By);

/// <summary>One playbook, whole.</summary>
internal sealed class ShowPlaybook(Database database) : Query<PlaybookWanted, PlaybookSheet>
{
    private const string Versions = "select v.version, v.at, v.by_name as by from ticketing.playbook_versions v where v.playbook_id = @Playbook order by v.version desc";

    private const string Fields = "select v.fields::text from ticketing.playbook_versions v where v.playbook_id = @Playbook and v.version = @Version";

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<PlaybookSheet>> HandleAsync(Viewer viewer, PlaybookWanted request, CancellationToken cancel)
    {
        var found = viewer.Constituent is null ? await PlaybookShelf.FindAsync(database, request.Playbook, cancel) : null;
        if (found is null)
            return Refuse.NotFound("ticketing.refused.no-playbook");
        List<PlaybookVersion> versions = [.. (await database.QueryAsync<VersionRow>(Versions, new { request.Playbook }, cancel)).Select(v => new PlaybookVersion(v.Version, v.At, v.By))];
        if (found.Shipped)
            versions.Add(new(1, null, null));
        var shown = request.Version ?? found.Version;
        if (versions.All(v => v.Version != shown))
            return Refuse.NotFound("ticketing.refused.no-playbook");
        var fields = found.Fields;
        if (shown != found.Version)
            fields = await database.FindAsync<string>(Fields, new { request.Playbook, Version = shown }, cancel) is { } json ? JsonSerializer.Deserialize<PlaybookFields>(json, OutboxJson.Options)! : ShippedPlaybooks.Find(found.Id)!.Fields;
        return new PlaybookSheet(found.Id, found.Version, shown, fields, found.Shipped, found.RetiredAt, versions);
    }

    private sealed class VersionRow
    {
        public int Version { get; set; }

        public DateTimeOffset At { get; set; }

        public string By { get; set; } = "";
    }
}
