using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Inbox;
using Dapper;

namespace Appliance.Sensing.Assets;

/// <summary>Asks who an address is.</summary>
internal sealed record ShowAssetRequest(string Address);

/// <summary>An address with everything that is known of it.</summary>
/// <param name="Address">As it is written.</param>
/// <param name="Known">Its row, when it is one of ours that was seen.</param>
/// <param name="Note">What people wrote about it.</param>
/// <param name="Services">What it was seen to serve.</param>
/// <param name="Certificates">What it presented.</param>
/// <param name="Names">Names that led to it.</param>
/// <param name="Groups">Its alert groups, the newest first.</param>
/// <param name="Owner">The organisation that has it.</param>
internal sealed record AssetPage(
    IPAddress Address, AssetDetail? Known, IReadOnlyList<ServiceRow> Services, IReadOnlyList<CertificateRow> Certificates, IReadOnlyList<NameRow> Names, IReadOnlyList<InboxRow> Groups,
    ConstituentCard? Owner, string? OwnerNetwork);

/// <summary>The row of one address.</summary>
public sealed class AssetDetail
{
    public string? Label { get; init; }
    public string Note { get; init; } = "";
    public string? NamedBy { get; init; }
    public DateTimeOffset? NamedAt { get; init; }
    public DateTimeOffset FirstSeen { get; init; }
    public DateTimeOffset LastSeen { get; init; }
    public long Records { get; init; }
}

/// <summary>A service.</summary>
public sealed class ServiceRow
{
    public int Port { get; init; }
    public string Proto { get; init; } = "";
    public string Application { get; init; } = "";
    public DateTimeOffset FirstSeen { get; init; }
    public DateTimeOffset LastSeen { get; init; }
}

/// <summary>A certificate.</summary>
public sealed class CertificateRow
{
    public int Port { get; init; }
    public string Fingerprint { get; init; } = "";
    public string Subject { get; init; } = "";
    public string Issuer { get; init; } = "";
    public string ServerName { get; init; } = "";
    public DateTimeOffset? NotBefore { get; init; }
    public DateTimeOffset? NotAfter { get; init; }
    public DateTimeOffset FirstSeen { get; init; }
    public DateTimeOffset LastSeen { get; init; }

    /// <summary>Other addresses of ours that present the same one.</summary>
    public long Elsewhere { get; init; }
}

/// <summary>An answer of the domain name system.</summary>
public sealed class NameRow
{
    public string Name { get; init; } = "";
    public string Type { get; init; } = "";
    public string Value { get; init; } = "";
    public DateTimeOffset FirstSeen { get; init; }
    public DateTimeOffset LastSeen { get; init; }
}

/// <summary>Who is this host: first and last seen, services, certificates, names, alerts and their incidents, owner and whom to call. Any address may be asked about.</summary>
internal sealed class ShowAsset(Database database, IConstituency? constituency = null) : Query<ShowAssetRequest, AssetPage>
{
    private const string Known = "select label, note, named_by, named_at, first_seen, last_seen, records from sensing.assets where address = @address::inet";

    private const string Services = "select port, proto, application, first_seen, last_seen from sensing.asset_services where address = @address::inet order by last_seen desc, port limit 100";

    private const string Certificates =
        """
        select c.port, c.fingerprint, c.subject, c.issuer, c.server_name, c.not_before, c.not_after, c.first_seen, c.last_seen,
            (select count(distinct o.address) from sensing.asset_certificates o where o.fingerprint = c.fingerprint and o.address <> c.address) as elsewhere
        from sensing.asset_certificates c
        where c.address = @address::inet
        order by c.last_seen desc
        limit 50
        """;

    private const string Names = "select name, type, value, first_seen, last_seen from sensing.passive_names where value = @text order by last_seen desc limit 100";

    private const string Groups =
        $"""
        select {InboxRow.Columns}
        from sensing.alert_groups m
        where (m.src = @address::inet or m.dst = @address::inet) and {Visible.RowsOfConstituents}
        order by m.last_received desc, m.id desc
        limit 50
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<AssetPage>> HandleAsync(Viewer viewer, ShowAssetRequest request, CancellationToken cancel)
    {
        if (!IPAddress.TryParse(request.Address, out var ip) || request.Address.IndexOfAny(['.', ':']) < 0)
            return Refuse.NotFound("sensing.refused.no-address", request.Address);
        var address = ip.ToString();
        await using var connection = await database.OpenAsync(cancel);
        var known = await connection.QueryFirstOrDefaultAsync<AssetDetail>(Command(Known));
        var services = (await connection.QueryAsync<ServiceRow>(Command(Services))).AsList();
        var certificates = (await connection.QueryAsync<CertificateRow>(Command(Certificates))).AsList();
        var names = (await connection.QueryAsync<NameRow>(Command(Names))).AsList();
        var groups = (await connection.QueryAsync<InboxRow>(Command(Groups))).AsList();
        var match = constituency?.Find(ip);
        var owner = match is null ? null : await constituency!.FindAsync(viewer, match.Id, cancel) ?? new ConstituentCard(match.Id, match.Name, "", []);
        return new AssetPage(ip, known, services, certificates, names, groups, owner, match?.Matched);

        CommandDefinition Command(string sql) => new(sql, Visible.With(viewer, new { address, text = address.ToLowerInvariant() }), commandTimeout: 5, cancellationToken: cancel);
    }
}

/// <summary>Gives an address a name and a note; empty takes the name away.</summary>
internal sealed record NameAssetRequest(string Address, string? Label, string? Note = null);

/// <summary>Names an address of ours, so that lists say "mail gateway" beside it.</summary>
internal sealed class NameAsset(Database database) : Act<NameAssetRequest, Done>(database)
{
    private const int LongestLabel = 80;
    private const int LongestNote = 2000;

    private const string Sql =
        """
        update sensing.assets set label = @label, note = @note, named_at = @now, named_by = @name
        where address = @address::inet
        """;

    public override Permission Permission => Permissions.Triage;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, NameAssetRequest request, CancellationToken cancel)
    {
        var (label, note) = (request.Label?.Trim() ?? "", request.Note?.Trim() ?? "");
        var refusals = new List<Refusal>();
        if (label.Length > LongestLabel)
            refusals.Add(Refuse.Invalid("sensing.refused.too-long", "label", LongestLabel));
        if (note.Length > LongestNote)
            refusals.Add(Refuse.Invalid("sensing.refused.too-long", "note", LongestNote));
        if (refusals.Count > 0)
            return Outcome<Done>.Refused(refusals);
        if (!IPAddress.TryParse(request.Address, out var address)
            || await work.ExecuteAsync(Sql, new { address = address.ToString(), label = label.Length == 0 ? null : label, note, now = work.Now, name = work.Viewer.Name }, cancel) == 0)
            return Refuse.NotFound("sensing.refused.no-address", request.Address);
        work.Audit("sensing.asset.named", $"asset/{address}", new { label });
        return default(Done);
    }
}

/// <summary>Asks what a name led to, or which names led to an address.</summary>
internal sealed record SearchNamesRequest(string? Query, int Size = 100);

/// <summary>Passive DNS: a name with everything below it, or an address.</summary>
internal sealed class SearchNames(Database database) : Query<SearchNamesRequest, IReadOnlyList<NameRow>>
{
    private const string Sql =
        """
        select name, type, value, first_seen, last_seen
        from sensing.passive_names
        where @words::text is null or name = @words or value = @words or name like '%.' || @escaped
        order by last_seen desc, name, value
        limit @size
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<NameRow>>> HandleAsync(Viewer viewer, SearchNamesRequest request, CancellationToken cancel)
    {
        var words = string.IsNullOrWhiteSpace(request.Query) ? null : request.Query.Trim().Trim('.').ToLowerInvariant();
        var escaped = words?.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
        return new List<NameRow>(await database.QueryAsync<NameRow>(Sql, new { words, escaped, size = Math.Clamp(request.Size, 1, 500) }, cancel, 3));
    }
}
