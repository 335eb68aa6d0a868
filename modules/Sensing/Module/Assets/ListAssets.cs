using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Filter;

namespace Appliance.Sensing.Assets;

/// <summary>Asks for addresses of ours, the last seen first.</summary>
internal sealed record ListAssetsRequest(string? Query = null, string? After = null, int Size = 50);

/// <summary>One address of ours.</summary>
public sealed class AssetRow
{
    public IPAddress Address { get; init; } = IPAddress.None;
    public string? Label { get; init; }
    public Guid? Constituent { get; init; }
    public string? ConstituentName { get; init; }
    public DateTimeOffset FirstSeen { get; init; }
    public DateTimeOffset LastSeen { get; init; }
    public long Records { get; init; }
    public string[] Services { get; init; } = [];

    /// <summary>Alert groups of thirty days in which it is one side, open or escalated; counted up to a hundred.</summary>
    public long Open { get; init; }
}

/// <summary>The addresses of ours that were seen, by address or network, name, owner, or what they serve.</summary>
internal sealed class ListAssets(Database database, TimeProvider time) : Query<ListAssetsRequest, Page<AssetRow>>
{
    private const string Sql =
        $"""
        select a.address, a.label, a.constituent, a.constituent_name, a.first_seen, a.last_seen, a.records,
            coalesce((select array_agg(distinct s.application || '/' || s.port) from sensing.asset_services s where s.address = a.address), array[]::text[]) as services,
            (select count(*) from (
                select 1 from sensing.alert_groups m
                where (m.src = a.address or m.dst = a.address) and m.state in ('open', 'escalated') and m.last_received >= @since and {Visible.RowsOfConstituents}
                limit 100) c) as open
        from sensing.assets a
        where (@ip::cidr is null or a.address <<= @ip::cidr)
          and (@pattern::text is null or a.label ilike @pattern or a.constituent_name ilike @pattern
               or exists (select from sensing.asset_services s where s.address = a.address and s.application ilike @pattern)
               or a.address in (select c.address from sensing.asset_certificates c where c.server_name ilike @pattern or c.subject ilike @pattern))
          and (@port::int is null or exists (select from sensing.asset_services s where s.address = a.address and s.port = @port))
          and (@cursor_address::inet is null or (a.last_seen, a.address) < (@cursor_at, @cursor_address::inet))
        order by a.last_seen desc, a.address desc
        limit @limit
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<Page<AssetRow>>> HandleAsync(Viewer viewer, ListAssetsRequest request, CancellationToken cancel)
    {
        var parsed = FilterTerms.Parse(request.Query);
        if (!parsed.TryGet(out var terms))
            return Outcome<Page<AssetRow>>.Refused(parsed.Refusals);
        var size = Math.Clamp(request.Size, 1, 200);
        var cursor = Read(request.After);
        var rows = new List<AssetRow>(await database.QueryAsync<AssetRow>(
            Sql,
            Visible.With(viewer, new
            {
                since = time.GetUtcNow().AddDays(-30),
                ip = terms.Ip.Wanted is [var network, ..] ? network.ToString() : null,
                port = terms.Port.Wanted is [var port, ..] ? (int?)port.From : null,
                pattern = terms.Pattern,
                cursor_address = cursor?.Address,
                cursor_at = cursor?.At.UtcDateTime,
                limit = size + 1,
            }),
            cancel,
            10));
        var more = rows.Count > size;
        if (more)
            rows.RemoveAt(size);
        return new Page<AssetRow>(rows, more ? Write(rows[^1]) : null);
    }

    private static string Write(AssetRow last) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{last.LastSeen.UtcTicks}|{last.Address}")));

    private static (DateTimeOffset At, string Address)? Read(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > 200 || !Base64Url.IsValid(text))
            return null;
        var parts = Encoding.ASCII.GetString(Base64Url.DecodeFromChars(text)).Split('|');
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks < DateTime.MaxValue.Ticks && IPAddress.TryParse(parts[1], out var address)
            ? (new DateTimeOffset(ticks, TimeSpan.Zero), address.ToString())
            : null;
    }
}
