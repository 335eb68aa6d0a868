namespace Appliance.Fuzz.Targets;

/// <summary>The kept inputs: conversations of each protocol, written by hand (<see cref="Talk"/>); for the other targets one folder each, one file an input. What once broke something stays here for good.</summary>
internal static class Corpus
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Corpus");

    public static IEnumerable<string> Protocols => Directory.EnumerateFiles(Path.Combine(Folder, "protocols"), "*.talk").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal);

    public static List<byte[]> Of(string target) => Directory.Exists(Path.Combine(Folder, target)) ? [.. Directory.EnumerateFiles(Path.Combine(Folder, target)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)] : [];

    public static List<byte[]> Talks(string protocol) => Talk.Read(Path.Combine(Folder, "protocols", protocol + ".talk"));
}
