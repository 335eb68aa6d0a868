using System.Net;
using Appliance.Kernel.Data;

namespace Appliance.Sensing.Inbox;

/// <summary>The names that people gave to addresses of ours, for rows that are about to be shown.</summary>
internal static class AssetNames
{
    private const string Sql = "select address, label from sensing.assets where address = any(@addresses) and label is not null";

    public static async Task FillAsync(Database database, IReadOnlyCollection<InboxRow> rows, CancellationToken cancel)
    {
        var addresses = rows.SelectMany(static r => new[] { r.Src, r.Dst }).OfType<IPAddress>().Distinct().ToArray();
        if (addresses.Length == 0)
            return;
        var names = (await database.QueryAsync<NameRow>(Sql, new { addresses }, cancel)).ToDictionary(static n => n.Address, static n => n.Label);
        foreach (var row in rows)
        {
            row.SrcLabel = row.Src is null ? null : names.GetValueOrDefault(row.Src);
            row.DstLabel = row.Dst is null ? null : names.GetValueOrDefault(row.Dst);
        }
    }

    private sealed class NameRow
    {
        public IPAddress Address { get; init; } = IPAddress.None;
        public string Label { get; init; } = "";
    }
}
