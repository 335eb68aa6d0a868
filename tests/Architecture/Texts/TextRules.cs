using System.Text.Json;
using System.Text.RegularExpressions;

namespace Appliance.Architecture.Texts;

/// <summary>Six languages that say the same: same keys, same placeholders, nothing empty.</summary>
internal static partial class TextRules
{
    public static readonly IReadOnlyList<string> Languages = ["en", "fr", "es", "ar", "zh", "ru"];

    /// <param name="room">Named in the faults.</param>
    /// <param name="texts">The JSON of each language that is there.</param>
    public static IEnumerable<string> Faults(string room, IReadOnlyDictionary<string, string> texts)
    {
        foreach (var language in Languages.Where(language => !texts.ContainsKey(language)))
            yield return $"{room}/{language}.json is missing";
        if (!texts.TryGetValue("en", out var english))
            yield break;

        var model = Read(english);
        foreach (var (language, json) in texts)
        {
            var read = Read(json);
            foreach (var twice in read.GroupBy(text => text.Key).Where(group => group.Count() > 1))
                yield return $"{room}/{language}.json has {twice.Key} twice";
            var said = read.DistinctBy(text => text.Key).ToDictionary(text => text.Key, text => text.Value);
            foreach (var key in model.Select(text => text.Key).Except(said.Keys))
                yield return $"{room}/{language}.json lacks {key}";
            foreach (var key in said.Keys.Except(model.Select(text => text.Key)))
                yield return $"{room}/{language}.json has {key}, which English lacks";
            foreach (var (key, value) in said.Where(text => string.IsNullOrWhiteSpace(text.Value)))
                yield return $"{room}/{language}.json says nothing for {key}";
            foreach (var (key, value) in model.Where(text => said.ContainsKey(text.Key)))
            {
                if (!Places(value).SetEquals(Places(said[key])))
                    yield return $"{room}/{language}.json fills other places in {key} than English: {said[key]}";
            }
        }
    }

    private static List<KeyValuePair<string, string>> Read(string json)
    {
        // By hand rather than into a dictionary, which would hide a key that stands twice.
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateObject().Select(one => new KeyValuePair<string, string>(one.Name, one.Value.GetString() ?? ""))];
    }

    private static HashSet<string> Places(string text) => [.. Place().Matches(text).Select(match => match.Value)];

    [GeneratedRegex(@"\{\d+", RegexOptions.NonBacktracking)]
    private static partial Regex Place();
}
