using System.Collections.Frozen;
using System.Globalization;

namespace Appliance.Ui;

/// <summary>The countries that the map can draw, and their names in the product's languages.</summary>
public static class World
{
    private static readonly (FrozenDictionary<string, string[]> Names, string[] Languages) s_read = Read();

    /// <summary>ISO 3166-1 codes of two letters, in order.</summary>
    public static IReadOnlyList<string> Codes { get; } = [.. s_read.Names.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The name in the reader's language; the code itself where there is none.</summary>
    public static string Name(string code)
    {
        if (!s_read.Names.TryGetValue(code, out var names))
            return code;
        var at = Array.IndexOf(s_read.Languages, CultureInfo.CurrentUICulture.TwoLetterISOLanguageName);
        return names[Math.Max(at, 0)];
    }

    private static (FrozenDictionary<string, string[]>, string[]) Read()
    {
        using var stream = typeof(World).Assembly.GetManifestResourceStream("world-names.tsv")!;
        using var reader = new StreamReader(stream);
        var languages = reader.ReadLine()!.Split('\t')[1..];
        var names = new Dictionary<string, string[]>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split('\t');
            names[cells[0]] = cells[1..];
        }

        return (names.ToFrozenDictionary(StringComparer.Ordinal), languages);
    }
}
