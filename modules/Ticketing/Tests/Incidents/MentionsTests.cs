using Appliance.Ticketing.Incidents;
using Xunit;

namespace Appliance.Ticketing.Tests.Incidents;

public sealed class MentionsTests
{
    [Theory]
    [InlineData("@omar please look", "omar")]
    [InlineData("ask @omar, then @Lee.", "omar Lee")]
    [InlineData("(@omar-h) and «@лена»", "omar-h лена")]
    [InlineData("line one\n@omar\n@omar again", "omar")]
    [InlineData("مرحبا @omar، انظر", "omar")]
    [InlineData("soc@omar.example and x/@omar", "")]
    [InlineData("@ omar @@omar @o", "")]
    [InlineData("", "")]
    public void Names_after_a_sign_of_their_own_are_called(string text, string called) => Assert.Equal(called, string.Join(' ', Mentions.In(text)));
}
