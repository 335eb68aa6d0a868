using Appliance.Kernel.Data;
using Xunit;

namespace Appliance.Kernel.Tests.Data;

public sealed class OrdinaryUserTests
{
    [Fact]
    public void Users_are_read_and_broken_lines_passed_over() =>
        Assert.Equal(
            [new OrdinaryUser("root", 0, 0), new OrdinaryUser("postgres", 101, 104)],
            OrdinaryUser.Read(["root:x:0:0:root:/root:/bin/bash", "#", "+::::::", "postgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash"]));

    [Fact]
    public void Only_the_capabilities_asked_for_are_kept()
    {
        var user = new OrdinaryUser("someone", 1000, 1001);

        Assert.Equal("--reuid=1000 --regid=1001 --clear-groups --inh-caps=-all -- cirt serve", string.Join(' ', user.Wrap("cirt", ["serve"]).Arguments));
        Assert.Contains("--inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw", string.Join(' ', user.Wrap("cirt", ["sensor"], "net_raw").Arguments), StringComparison.Ordinal);
    }
}
