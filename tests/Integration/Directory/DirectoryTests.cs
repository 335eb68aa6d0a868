using System.Net;
using System.Text;
using Appliance.Contracts;
using Appliance.Directories;
using Appliance.Directories.Constituents;
using Appliance.Directories.Contacts;
using Appliance.Directories.Import;
using Appliance.Directories.Networks;
using Appliance.Tests;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Integration.Directories;

public sealed class DirectoryTests : IAsyncLifetime
{
    private TestModules _modules = null!;
    private Viewer _analyst = null!;
    private Viewer _manager = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IConstituency Constituency => _modules.Services.GetRequiredService<IConstituency>();

    public async ValueTask InitializeAsync()
    {
        _modules = await TestModules.StartAsync([new DirectoryModule()]);
        _analyst = _modules.Person("Ana", Role.Analyst);
        _manager = _modules.Person("Manu", Role.Manager);
    }

    public ValueTask DisposeAsync() => _modules.DisposeAsync();

    [Fact]
    public async Task Organisation_with_network_is_found_by_address_as_soon_as_the_act_returns()
    {
        var id = await AddAsync("Ministry of Health");
        await Get<AddNetwork>().RunAsync(_analyst, new(id, "192.0.2.0/24"), Cancel);
        await Get<AddNetwork>().RunAsync(_analyst, new(id, "مثال.إختبار"), Cancel);
        await Get<AddContact>().RunAsync(_analyst, new(id, new("Desk", "cert@health.example", "security", "fr")), Cancel);

        Assert.Equal(id, Constituency.Find(IPAddress.Parse("192.0.2.77"))?.Id);
        Assert.Equal("مثال.إختبار", Constituency.Find("www.xn--mgbh0fb.xn--kgbechtv")?.Matched);
        Assert.Equal(id, Constituency.Find("192.0.2.3")?.Id);
        var card = await Constituency.FindAsync(_analyst, id, Cancel);
        Assert.Equal(("cert@health.example", "fr", "security"), (card!.Contacts[0].Mail, card.Contacts[0].Language, card.Contacts[0].Purpose));
        Assert.Equal("Ministry of Health", Assert.Single(await Constituency.SearchAsync(_analyst, "health", 5, Cancel)).Name);
    }

    [Fact]
    public async Task Same_network_twice_is_refused_and_names_its_holder()
    {
        var (first, second) = (await AddAsync("First"), await AddAsync("Second"));
        Assert.True((await Get<AddNetwork>().RunAsync(_analyst, new(first, "198.51.100.0/24"), Cancel)).Succeeded);
        var refused = await Get<AddNetwork>().RunAsync(_analyst, new(second, "198.51.100.0/24"), Cancel);
        Assert.Equal("directory.refused.network-held", refused.Refusals[0].Key);
        Assert.Equal("First", refused.Refusals[0].Arguments[1]);
        Assert.True((await Get<AddNetwork>().RunAsync(_analyst, new(second, "198.51.100.128/25"), Cancel)).Succeeded);
        Assert.Equal(second, Constituency.Find(IPAddress.Parse("198.51.100.200"))?.Id);
        Assert.Equal(first, Constituency.Find(IPAddress.Parse("198.51.100.100"))?.Id);
    }

    [Fact]
    public async Task Removed_organisation_stays_readable_and_matches_no_more()
    {
        var id = await AddAsync("Old agency");
        await Get<AddNetwork>().RunAsync(_analyst, new(id, "203.0.113.0/24"), Cancel);
        Assert.True((await Get<RemoveConstituent>().RunAsync(_analyst, id, Cancel)).Succeeded);

        Assert.Null(Constituency.Find(IPAddress.Parse("203.0.113.1")));
        Assert.NotNull((await Get<ShowConstituent>().RunAsync(_analyst, id, Cancel)).Value.ArchivedAt);
        Assert.DoesNotContain((await Get<ListConstituents>().RunAsync(_analyst, new(), Cancel)).Value.Items, c => c.Id == id);
        Assert.Contains((await Get<ListConstituents>().RunAsync(_analyst, new(Archived: true), Cancel)).Value.Items, c => c.Id == id);
        var again = await AddAsync("Old agency");
        Assert.True((await Get<AddNetwork>().RunAsync(_analyst, new(again, "203.0.113.0/24"), Cancel)).Succeeded);
    }

    [Fact]
    public async Task Edit_of_a_sheet_that_changed_meanwhile_is_refused()
    {
        var id = await AddAsync("Utility");
        var fields = new ConstituentFields { Name = "Utility of Water", Sector = "water", Country = "tl", Languages = ["en", "fr"], DefaultTlp = Tlp.Green };
        Assert.True((await Get<EditConstituent>().RunAsync(_analyst, new(id, 1, fields), Cancel)).Succeeded);
        Assert.Equal("directory.refused.changed-meanwhile", (await Get<EditConstituent>().RunAsync(_analyst, new(id, 1, fields), Cancel)).Refusals[0].Key);
        var sheet = (await Get<ShowConstituent>().RunAsync(_analyst, id, Cancel)).Value;
        Assert.Equal(("Utility of Water", "TL", Tlp.Green, 2), (sheet.Fields.Name, sheet.Fields.Country, sheet.Fields.DefaultTlp, sheet.Version));
        Assert.Equal(["en", "fr"], sheet.Fields.Languages);
    }

    [Fact]
    public async Task Import_previews_then_writes_all_good_rows_and_nothing_twice()
    {
        await AddAsync("Central Bank");
        var file = Encoding.UTF8.GetBytes("""
            name,sector,networks,asns,domains,contact_name,contact_mail,contact_purpose,language
            central bank,finance,192.0.2.128/25,AS64500,bank.example,SOC,soc@bank.example,security,en
            Port Authority,transport,2001:db8:1::/48,,port.example,,,,
            Port Authority,transport,,,,IT,it@port.example,abuse,fr
            Broken,transport,192.0.2.300,,,,,,
            """);
        var preview = (await Get<PreviewImport>().RunAsync(_manager, new("list.csv", file), Cancel)).Value;
        Assert.Equal((3, 1, 1), (preview.GoodRows, preview.BadRows, preview.NewConstituents));
        Assert.Equal((5, "networks"), (preview.Faults[0].Line, preview.Faults[0].Column));
        Assert.Null(Constituency.Find("www.port.example"));

        Assert.Equal(RefusalKind.NotFound, (await Get<ApplyImport>().RunAsync(_modules.Person("Other", Role.Manager), preview.Id, Cancel)).Refusals[0].Kind);
        var result = (await Get<ApplyImport>().RunAsync(_manager, preview.Id, Cancel)).Value;
        Assert.Equal(new ImportResult(1, 1, 5, 2, 1), result);
        Assert.Equal("Port Authority", Constituency.Find("www.port.example")?.Name);
        Assert.Equal("Central Bank", Constituency.Find(IPAddress.Parse("192.0.2.200"))?.Name);
        Assert.Equal("directory.refused.import-applied", (await Get<ApplyImport>().RunAsync(_manager, preview.Id, Cancel)).Refusals[0].Key);
        // One change for each organisation touched, delivered to the look-up.
        Assert.Equal(3, await _modules.DeliverAsync());

        var again = (await Get<PreviewImport>().RunAsync(_manager, new("list.csv", file), Cancel)).Value;
        Assert.Equal(new ImportResult(0, 2, 0, 0, 1), (await Get<ApplyImport>().RunAsync(_manager, again.Id, Cancel)).Value);
    }

    [Fact]
    public async Task Export_reads_back_into_an_empty_import()
    {
        var id = await AddAsync("=cmd|' /C calc'!A0");
        await Get<AddNetwork>().RunAsync(_analyst, new(id, "192.0.2.0/24"), Cancel);
        var export = (await Get<ExportConstituents>().RunAsync(_manager, default, Cancel)).Value;
        Assert.Contains("\r\n'=cmd|", Encoding.UTF8.GetString(export), StringComparison.Ordinal);
        var preview = (await Get<PreviewImport>().RunAsync(_manager, new("export.csv", export), Cancel)).Value;
        Assert.Equal((1, 0, 0), (preview.GoodRows, preview.BadRows, preview.NewConstituents));
        Assert.Equal("=cmd|' /C calc'!A0", preview.Sample[0].Name);
    }

    [Fact]
    public async Task Ten_thousand_rows_import_within_a_minute()
    {
        var text = "name,networks,domains,contact_mail\n" + string.Concat(Enumerable.Range(0, 10_000).Select(i => $"Organisation {i},10.{i / 256}.{i % 256}.0/24,org{i}.example,soc@org{i}.example\n"));
        var preview = (await Get<PreviewImport>().RunAsync(_manager, new("big.csv", Encoding.UTF8.GetBytes(text)), Cancel)).Value;
        var result = await Get<ApplyImport>().RunAsync(_manager, preview.Id, Cancel);
        Assert.Equal(new ImportResult(10_000, 0, 20_000, 10_000, 0), result.Value);
        Assert.Equal("Organisation 777", Constituency.Find(IPAddress.Parse("10.3.9.5"))?.Name);

        var names = new List<string>();
        string? after = null;
        do
        {
            var page = (await Get<ListConstituents>().RunAsync(_manager, new(After: after, Limit: 200), Cancel)).Value;
            names.AddRange(page.Items.Select(c => c.Name));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(10_000, names.Distinct().Count());
        Assert.Equal(10_000, names.Count);
    }

    [Fact]
    public async Task People_of_an_organisation_see_their_own_only()
    {
        var (own, other) = (await AddAsync("Own"), await AddAsync("Other"));
        var person = _modules.Person("Olga", Role.Constituent) with { Constituent = own };
        Assert.NotNull(await Constituency.FindAsync(person, own, Cancel));
        Assert.Null(await Constituency.FindAsync(person, other, Cancel));
        Assert.Single(await Constituency.SearchAsync(person, "o", 10, Cancel));
        Assert.Equal(RefusalKind.Forbidden, (await Get<AddConstituent>().RunAsync(person, new() { Name = "X" }, Cancel)).Refusals[0].Kind);
    }

    [Fact]
    public async Task List_finds_by_name_address_domain_and_mail()
    {
        var id = await AddAsync("100% Energy_Co");
        await Get<AddNetwork>().RunAsync(_analyst, new(id, "198.18.0.0/15"), Cancel);
        await Get<AddNetwork>().RunAsync(_analyst, new(id, "energy.example"), Cancel);
        await Get<AddContact>().RunAsync(_analyst, new(id, new("", "noc@energy.example", "abuse")), Cancel);
        await AddAsync("Someone else");
        foreach (var words in new[] { "100%", "energy_c", "198.19.1.1", "energy.ex", "noc@" })
            Assert.Equal(id, Assert.Single((await Get<ListConstituents>().RunAsync(_analyst, new(words), Cancel)).Value.Items).Id);
        Assert.DoesNotContain((await Get<ListConstituents>().RunAsync(_analyst, new("%"), Cancel)).Value.Items, c => c.Name == "Someone else");
    }

    private async Task<ConstituentId> AddAsync(string name) => (await Get<AddConstituent>().RunAsync(_analyst, new() { Name = name }, Cancel)).Value;

    private T Get<T>()
        where T : notnull => _modules.Services.GetRequiredService<T>();
}
