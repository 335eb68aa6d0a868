using Appliance.Ticketing.Classification;
using Xunit;

namespace Appliance.Ticketing.Tests.Classification;

public sealed class LocalCodeTests
{
    [Theory]
    [InlineData("fraud/phishing", "fraud/phishing", false)]
    [InlineData("fraud/phishing/parcel-notice", "fraud/phishing", true)]
    [InlineData("fraud/phishing/1", "fraud/phishing", true)]
    [InlineData("fraud/phishing/Parcel", "fraud/phishing", false)]
    [InlineData("fraud/none/parcel", "fraud/none", false)]
    [InlineData("a/b/c/d", "a/b/c/d", false)]
    public void Third_part_stands_below_a_type_of_the_taxonomy(string code, string type, bool local)
    {
        Assert.Equal(type, Rsit.TypeOf(code));
        Assert.Equal(local, Rsit.IsLocal(code));
        Assert.Equal(local || code == "fraud/phishing", Rsit.IsWritten(code));
        Assert.Equal(code.Split('/')[0], Rsit.ClassOf(code));
    }

    [Fact]
    public void Longest_part_is_forty_characters()
    {
        Assert.True(Rsit.IsLocal("fraud/phishing/" + new string('a', 40)));
        Assert.False(Rsit.IsLocal("fraud/phishing/" + new string('a', 41)));
    }
}
