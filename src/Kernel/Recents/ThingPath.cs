namespace Appliance.Kernel.Recents;

/// <summary>Reads the key of a thing out of the path of its page.</summary>
public static class ThingPath
{
    /// <summary>What follows <paramref name="prefix"/> in <paramref name="path"/> when it is one segment; else null.</summary>
    public static string? Key(string path, string prefix) =>
        path.Length > prefix.Length && path.StartsWith(prefix, StringComparison.Ordinal) && !path.AsSpan(prefix.Length).Contains('/') ? path[prefix.Length..] : null;

    /// <summary>The id that follows <paramref name="prefix"/>, or null where it is none.</summary>
    public static Guid? Id(string path, string prefix) => Guid.TryParseExact(Key(path, prefix), "D", out var id) ? id : null;
}
