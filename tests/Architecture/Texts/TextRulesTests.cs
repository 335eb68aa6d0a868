using Xunit;

namespace Appliance.Architecture.Texts;

public sealed class TextRulesTests
{
    [Fact]
    public void Product_says_the_same_in_six_languages() => Faults.None(
        Product.Files(".json")
            .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) == "Text")
            .GroupBy(file => Path.GetDirectoryName(file)!)
            .SelectMany(room => TextRules.Faults(room.Key, room.ToDictionary(file => Path.GetFileNameWithoutExtension(file), Product.Read))));

    [Fact]
    public void Keys_start_with_the_rooms_name() => Faults.None(
        Product.Files("Text/en.json")
            .Where(file => file.StartsWith("modules/", StringComparison.Ordinal))
            .SelectMany(file =>
            {
                var module = file.Split('/')[1].ToLowerInvariant();
                using var texts = System.Text.Json.JsonDocument.Parse(Product.Read(file));
                return texts.RootElement.EnumerateObject().Select(one => one.Name).Where(key => !key.StartsWith(module + ".", StringComparison.Ordinal)).Select(key => $"{file}: {key}").ToList();
            }));

    [Theory]
    [InlineData("""{ "a.b": "Bonjour {0}" }""", null)]
    [InlineData("""{ "a.b": "Bonjour" }""", "X/fr.json fills other places in a.b than English: Bonjour")]
    [InlineData("""{ }""", "X/fr.json lacks a.b")]
    [InlineData("""{ "a.b": "{0}", "a.c": "x" }""", "X/fr.json has a.c, which English lacks")]
    [InlineData("""{ "a.b": "{0}", "a.b": "{0}" }""", "X/fr.json has a.b twice")]
    [InlineData("""{ "a.b": " " }""", "X/fr.json says nothing for a.b")]
    public void Translation_that_differs_is_caught(string french, string? fault)
    {
        var texts = TextRules.Languages.ToDictionary(language => language, _ => """{ "a.b": "Hello {0}" }""");
        texts["fr"] = french;

        if (fault is null)
            Assert.Empty(TextRules.Faults("X", texts));
        else
            Assert.Contains(fault, TextRules.Faults("X", texts));
    }

    [Fact]
    public void Missing_language_is_caught() =>
        Assert.Equal(["X/zh.json is missing"], TextRules.Faults("X", TextRules.Languages.Where(language => language != "zh").ToDictionary(language => language, _ => "{}")));
}
