using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Runtime;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>A rule from a source that somebody else writes reads no file of this machine, and its refusal tells nothing of one.</summary>
public sealed class RuleFileReachTests : IDisposable
{
    private const string Secret = "the-password-of-the-database";

    private readonly string _folder = Directory.CreateTempSubdirectory("cirt-reach-").FullName;

    public RuleFileReachTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "rules"));
        File.WriteAllText(Path.Combine(_folder, "secret"), Secret + "\n");
        File.WriteAllText(Path.Combine(_folder, "rules", "beside"), Secret + "\n");
    }

    [Theory]
    [InlineData("http.user_agent; dataset:isset,a,type sha256,load {0}/secret;")]
    [InlineData("http.user_agent; dataset:isset,a,type sha256,load ../secret;")]
    [InlineData("http.user_agent; dataset:isset,a,type sha256,load beside;")]
    [InlineData("http.user_agent; dataset:set,a,type string,state {0}/secret;")]
    [InlineData("filemd5:{0}/secret;")]
    [InlineData("filemd5:../secret;")]
    public void Rule_that_names_a_file_elsewhere_is_refused_without_a_word_of_its_content(string options)
    {
        var rules = Path.Combine(_folder, "rules", "from-afar.rules");
        File.WriteAllText(rules, $"alert http any any -> any any (msg:\"reach\"; {options.Replace("{0}", _folder, StringComparison.Ordinal)} sid:1;)\n");

        var set = RuleLoading.Load([(rules, "from-afar.rules")], new RuleVariables(), new Classification(), true);

        var fault = Assert.Single(set.Faults);
        Assert.DoesNotContain(Secret, fault.Reason, StringComparison.Ordinal);
        Assert.Empty(set.Rules);
        Assert.Equal(Secret + "\n", File.ReadAllText(Path.Combine(_folder, "secret")));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
