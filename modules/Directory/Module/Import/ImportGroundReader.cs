using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Import;

/// <summary>Reads what an import is checked against, inside the import's own transaction.</summary>
internal static class ImportGroundReader
{
    private const string Names = "select lower(name) as key, id from directory.constituents where archived_at is null";

    private const string Held =
        """
        select coalesce(n.prefix::text, 'AS' || n.asn, n.domain) as key, c.name
        from directory.networks n
        join directory.constituents c on c.id = n.constituent_id
        where n.active
        """;

    public static async Task<ImportGround> ReadAsync(Work work, CancellationToken cancel)
    {
        var names = await work.QueryAsync<NameRow>(Names, null, cancel);
        var held = await work.QueryAsync<HeldRow>(Held, null, cancel);
        return new(
            names.DistinctBy(n => n.Key, StringComparer.OrdinalIgnoreCase).ToDictionary(n => n.Key, n => n.Id, StringComparer.OrdinalIgnoreCase),
            held.DistinctBy(h => h.Key, StringComparer.Ordinal).ToDictionary(h => h.Key, h => h.Name, StringComparer.Ordinal));
    }

    private sealed record NameRow(string Key, ConstituentId Id);

    private sealed record HeldRow(string Key, string Name);
}
