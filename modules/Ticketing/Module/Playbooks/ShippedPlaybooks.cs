using System.Text.Json;

namespace Appliance.Ticketing.Playbooks;

/// <summary>The playbooks that come with the product: one file each beside this one, in all six languages. They are version 1; what a team changes stands in the database above them.</summary>
internal static class ShippedPlaybooks
{
    private const string Folder = "Appliance.Ticketing.Playbooks.Shipped.";

    /// <summary>All of them, by the names of their files.</summary>
    public static IReadOnlyList<Playbook> All { get; } = [.. Read()];

    /// <summary>The one of that id, or null.</summary>
    public static Playbook? Find(Guid id) => All.FirstOrDefault(p => p.Id == id);

    private static IEnumerable<Playbook> Read()
    {
        var assembly = typeof(ShippedPlaybooks).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var file = assembly.GetManifestResourceStream(name)!;
            var shipped = JsonSerializer.Deserialize<ShippedFile>(file, JsonSerializerOptions.Web)!;
            yield return new(shipped.Id, 1, new PlaybookFields { Names = shipped.Names, Types = shipped.Types, Severities = shipped.Severities, Steps = shipped.Steps }.Tidy(), Shipped: true);
        }
    }

    private sealed record ShippedFile(Guid Id, IReadOnlyDictionary<string, string> Names, IReadOnlyList<string> Types, IReadOnlyList<int> Severities, IReadOnlyList<PlaybookStep> Steps);
}
