using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Appliance.Contracts;

namespace Appliance.Tests;

/// <summary>The embedded texts of some assemblies, for tests without the face.</summary>
public sealed class TestText(params IReadOnlyList<Assembly> assemblies) : IText
{
    private readonly Dictionary<string, Dictionary<string, string>> _texts = Languages.All.ToDictionary(l => l, l => Read(l, assemblies));

    /// <inheritdoc/>
    public string this[string key, params object?[] arguments] => In(CultureInfo.CurrentUICulture, key, arguments);

    /// <inheritdoc/>
    public string In(CultureInfo language, string key, params object?[] arguments)
    {
        var texts = _texts.GetValueOrDefault(language.TwoLetterISOLanguageName) ?? _texts["en"];
        return string.Format(language, texts.GetValueOrDefault(key) ?? throw new InvalidOperationException($"no text {key} in {language.Name}"), arguments);
    }

    /// <inheritdoc/>
    public bool Has(string key) => _texts["en"].ContainsKey(key);

    private static Dictionary<string, string> Read(string language, IReadOnlyList<Assembly> assemblies)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var assembly in assemblies)
        {
            foreach (var name in assembly.GetManifestResourceNames().Where(n => n.EndsWith($".Text.{language}.json", StringComparison.Ordinal)))
            {
                using var stream = assembly.GetManifestResourceStream(name)!;
                foreach (var (key, text) in JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!)
                    texts[key] = text;
            }
        }
        return texts;
    }
}
