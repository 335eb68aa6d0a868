using Appliance.Ticketing.Intake;
using Xunit;

namespace Appliance.Ticketing.Tests.Intake;

public sealed class TicketNumberTests
{
    [Theory]
    [InlineData("Re: [TLP:AMBER] [INC-2026-00017] phishing", "INC-2026-00017")]
    [InlineData("inc-2026-00017: more", "INC-2026-00017")]
    [InlineData("INC-20 then INC-2026-100000", "INC-2026-100000")]
    [InlineData("ZINC-2026-00017", null)]
    [InlineData("INC-2026", null)]
    [InlineData("nothing", null)]
    public void Number_is_read_from_a_subject(string subject, string? number) => Assert.Equal(number, TicketNumber.In(subject));
}
