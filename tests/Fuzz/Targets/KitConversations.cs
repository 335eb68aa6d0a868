namespace Appliance.Fuzz.Targets;

/// <summary>Conversations in the kit's captures, read when a run begins and never kept: a few of each protocol and of different lengths. None where there is no kit.</summary>
internal static class KitConversations
{
    private const int LargestCapture = 300_000, Shortest = 20, Longest = 6000, MostListed = 60, EachOf = 5;

    private static readonly Lazy<Dictionary<string, List<byte[]>>> Found = new(Read);

    public static IReadOnlyList<byte[]> Of(string protocol) => Found.Value.GetValueOrDefault(protocol) ?? [];

    private static Dictionary<string, List<byte[]>> Read()
    {
        if (Captures.Kit is not { } kit) return [];
        using var engine = new LoadedEngine([]);
        return Captures.Of(kit).Where(path => new FileInfo(path).Length <= LargestCapture)
            .SelectMany(path => engine.Conversations([.. Captures.Read(File.ReadAllBytes(path)).Select(Captures.Own)]))
            .Where(c => c.Conversation.Length is > Shortest and < Longest)
            .GroupBy(c => c.Protocol, c => c.Conversation)
            .ToDictionary(g => g.Key, g => g.DistinctBy(c => c.Length).OrderByDescending(c => c.Length).Take(MostListed).Where((_, i) => i % EachOf == 0).ToList());
    }
}
