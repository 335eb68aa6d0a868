using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Appliance.Contracts;

namespace Appliance.Ui;

/// <summary>The texts of all assemblies, read once from their embedded <c>Text/xx.json</c>. Immutable apart from the count of missing keys.</summary>
public sealed class TextCatalog : IText
{
    /// <summary>The language of tests: every text lengthened and wrapped, so that what is not wrapped was never a resource.</summary>
    public const string Pseudo = "qps";

    private readonly FrozenDictionary<string, FrozenDictionary<string, string>> _languages;
    private readonly ConcurrentDictionary<string, int> _missing = new();

    /// <summary>Reads the texts of <paramref name="assemblies"/>. Throws when two of them say different things under one key.</summary>
    public TextCatalog(IEnumerable<Assembly> assemblies)
    {
        var languages = Languages.All.ToDictionary(l => l, _ => new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var assembly in assemblies.Distinct())
            Read(assembly, languages);
        _languages = languages.ToFrozenDictionary(l => l.Key, l => l.Value.ToFrozenDictionary(StringComparer.Ordinal));
    }

    /// <summary>Keys that were asked for and that English does not have, with how often.</summary>
    public IReadOnlyDictionary<string, int> Missing => _missing;

    /// <inheritdoc/>
    public string this[string key, params object?[] arguments] => In(CultureInfo.CurrentUICulture, key, arguments);

    /// <inheritdoc/>
    public string In(CultureInfo language, string key, params object?[] arguments)
    {
        var code = language.TwoLetterISOLanguageName;
        var isPseudo = language.Name.StartsWith(Pseudo, StringComparison.OrdinalIgnoreCase);
        if (isPseudo)
            code = "en";
        if (!(_languages.TryGetValue(code, out var words) && words.TryGetValue(key, out var text)) && !_languages["en"].TryGetValue(key, out text))
        {
            _missing.AddOrUpdate(key, 1, (_, n) => n + 1);
            return key;
        }

        if (arguments.Length > 0)
            text = string.Format(isPseudo ? CultureInfo.InvariantCulture : language, text, arguments);
        return isPseudo ? Lengthen(text) : text;
    }

    /// <inheritdoc/>
    public bool Has(string key) => _languages["en"].ContainsKey(key);

    /// <summary>The keys that a language lacks, for the test that keeps the six complete.</summary>
    public IReadOnlyList<string> Lacking(string language) => [.. _languages["en"].Keys.Where(k => !_languages[language].ContainsKey(k)).Order(StringComparer.Ordinal)];

    /// <summary>Two fifths longer, in words no longer than those of the longest languages: one run of letters would judge what no language writes.</summary>
    private static string Lengthen(string text)
    {
        var longer = new StringBuilder("⟦").Append(text);
        var more = Math.Max(0, (int)Math.Ceiling(text.Length * 0.4) - 2);
        for (var n = 1; n <= more; n++)
            longer.Append(n % 13 == 0 ? ' ' : '~');
        return longer.Append('⟧').ToString();
    }

    private static void Read(Assembly assembly, Dictionary<string, Dictionary<string, string>> languages)
    {
        foreach (var (code, words) in languages)
        {
            var suffix = $".Text.{code}.json";
            foreach (var name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(suffix, StringComparison.Ordinal)))
            {
                using var stream = assembly.GetManifestResourceStream(name)!;
                var read = JsonSerializer.Deserialize<Dictionary<string, string>>(stream)
                    ?? throw new InvalidOperationException($"{assembly.GetName().Name}: {name} holds no texts.");
                foreach (var (key, text) in read)
                {
                    if (!words.TryAdd(key, text) && words[key] != text)
                        throw new InvalidOperationException($"{assembly.GetName().Name}: {name} says something else than an earlier file under '{key}'. Rename one of the two keys.");
                }
            }
        }
    }
}
