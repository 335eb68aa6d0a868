namespace Appliance.Fuzz.Targets;

/// <summary>The kept inputs: one folder a target, one file an input. What once broke something stays here for good.</summary>
internal static class Corpus
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Corpus");

    public static List<byte[]> Of(string target) => Directory.Exists(Path.Combine(Folder, target)) ? [.. Directory.EnumerateFiles(Path.Combine(Folder, target)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)] : [];

    public static IEnumerable<string> Targets(string group) => Directory.EnumerateDirectories(Path.Combine(Folder, group)).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal);
}
