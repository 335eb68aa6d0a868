using Appliance.Kernel;
using Appliance.Kernel.Data;
using Xunit;

namespace Appliance.Kernel.Tests.Data;

public sealed class PostgresProgramsTests
{
    private static readonly PostgresPrograms s_13 = new("/a", 13);
    private static readonly PostgresPrograms s_15 = new("/b", 15);
    private static readonly PostgresPrograms s_17 = new("/c", 17);

    [Fact]
    public void New_data_gets_the_newest_and_old_data_its_own()
    {
        Assert.Equal(s_17, PostgresPrograms.Choose([s_17, s_15, s_13], null));
        Assert.Equal(s_15, PostgresPrograms.Choose([s_17, s_15, s_13], 15));
    }

    [Theory]
    [InlineData(null, "apt-get install postgresql)")]
    [InlineData(16, "apt-get install postgresql-16")]
    public void Missing_version_is_named_with_the_command_that_installs_it(int? wanted, string command)
    {
        var fault = Assert.Throws<OperatorFault>(() => PostgresPrograms.Choose([s_13], wanted));

        Assert.Contains("13 in /a", fault.Particulars, StringComparison.Ordinal);
        Assert.Contains(command, fault.Next, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", 15)]
    [InlineData("postgres (PostgreSQL) 18beta2", 18)]
    [InlineData("", 0)]
    public void Major_version_is_read_from_the_programs_own_words(string words, int major) =>
        Assert.Equal(major, PostgresPrograms.MajorOf(words));

    [Fact]
    public void Settings_quote_a_directory_with_an_apostrophe() =>
        Assert.Contains("unix_socket_directories = '/srv/it''s'", PrivateCluster.Settings("/srv/it's", "/log", ClusterUse.Kept), StringComparison.Ordinal);
}
