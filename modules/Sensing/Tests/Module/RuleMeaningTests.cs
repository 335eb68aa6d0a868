using System.Runtime.CompilerServices;
using System.Text.Json;
using Appliance.Sensing.Alerts;
using Xunit;

namespace Appliance.Sensing.Tests.Module;

public sealed class RuleMeaningTests
{
    [Theory]
    [InlineData(1, 2013028, "Web Application Attack", "web")]
    [InlineData(1, 2013028, " a network trojan was detected", "malware")]
    [InlineData(1, 2013028, "Something of our own", "unclear")]
    [InlineData(1, 2013028, "", "unclear")]
    [InlineData(1, 9100007, "A Network Trojan was detected", "indicator")]
    public void Class_of_a_rule_has_a_meaning(int gid, long sid, string category, string kind) => Assert.Equal(kind, RuleMeaning.Of(gid, sid, category));

    [Theory]
    [InlineData("en")]
    [InlineData("fr")]
    [InlineData("es")]
    [InlineData("ar")]
    [InlineData("zh")]
    [InlineData("ru")]
    public void Each_meaning_has_its_words(string language)
    {
        using var words = JsonDocument.Parse(File.ReadAllText(Path.Combine(Here(), "..", "..", "Pages", "Text", $"{language}.json")));
        foreach (var kind in RuleMeaning.Kinds)
        {
            Assert.NotEqual("", words.RootElement.GetProperty($"sensing.meaning.{kind}.what").GetString());
            Assert.NotEqual("", words.RootElement.GetProperty($"sensing.meaning.{kind}.check").GetString());
        }
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
