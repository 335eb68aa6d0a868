using Appliance.Contracts;
using Appliance.Kernel;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Kernel.Tests.Settings;

public sealed class ListConfigurationTests : IDisposable
{
    private readonly ServiceProvider _services;
    private readonly ListConfiguration _list;

    public ListConfigurationTests()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["kernel:idleMinutes"] = "30",
            ["kernel:http:proxy"] = "http://relay:hush@word@proxy.example:3128",
            ["kernel:http:allow:0"] = "10.1.0.0/16",
        }).Build());
        var kernel = ModuleBuilder.Describe(new KernelModule(), services);
        _services = services.BuildServiceProvider();
        _list = new(new([kernel]), _services);
    }

    public void Dispose() => _services.Dispose();

    [Fact]
    public async Task What_the_site_chose_is_marked_and_the_rest_is_the_default()
    {
        var lines = await FindAsync("");
        Assert.Equal(["kernel:http:allow", "kernel:http:proxy", "kernel:idleMinutes"], lines.Where(l => l.Changed).Select(l => l.Name).Order(StringComparer.Ordinal));
        Assert.Equal(("30", "60"), (lines.Single(l => l.Name == "kernel:idleMinutes").Value, lines.Single(l => l.Name == "kernel:idleMinutes").Default));
        Assert.InRange(lines.Count, 25, 200);
    }

    [Fact]
    public async Task Credentials_within_an_address_are_left_out_and_cannot_be_searched_for()
    {
        Assert.Equal("http://…@proxy.example:3128", Assert.Single(await FindAsync("http:proxy")).Value);
        Assert.Empty(await FindAsync("hush"));
        Assert.Empty(await FindAsync("word@"));
    }

    [Fact]
    public async Task Search_looks_at_names_and_values() =>
        Assert.Equal(["kernel:http:allow"], (await FindAsync("10.1.")).Select(l => l.Name));

    private async Task<IReadOnlyList<ConfiguredLine>> FindAsync(string words) => (await _list.RunAsync(Viewer.System("test"), words, TestContext.Current.CancellationToken)).Value;
}
