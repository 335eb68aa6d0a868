namespace Appliance.Watch;

/// <summary>Settings of the watch, from the section <c>watch</c>.</summary>
internal sealed class WatchOptions
{
    /// <summary>Longest time one source may take to answer.</summary>
    public int FetchTimeoutSeconds { get; set; } = 60;

    /// <summary>Largest document taken from a source.</summary>
    public int FetchMaxKibibytes { get; set; } = 8 * 1024;

    public static IEnumerable<string> Faults(WatchOptions options)
    {
        if (options.FetchTimeoutSeconds is < 5 or > 600)
            yield return $"fetchTimeoutSeconds is {options.FetchTimeoutSeconds}; choose 5 to 600.";
        if (options.FetchMaxKibibytes is < 64 or > 8 * 1024)
            yield return $"fetchMaxKibibytes is {options.FetchMaxKibibytes}; choose 64 to 8192.";
    }
}
