using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Tests;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Lookups;
using Appliance.Ticketing.Merge;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>Questions outside about traces: only where the marking allows them, once, away from the page; and places from the box's own tables.</summary>
public sealed class LookupTests : IAsyncLifetime
{
    private const string Address = "45.84.1.2";
    private const string Name = "www.evil-shop.net";

    private readonly ConcurrentQueue<string> _asked = [];
    private readonly Dictionary<string, (int Status, string Body)> _registry = [];
    private WebApplication _site = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _site = builder.Build();
        _site.Run(http =>
        {
            var path = http.Request.Path.Value!.TrimStart('/');
            _asked.Enqueue(path);
            var (status, body) = _registry.GetValueOrDefault(path, (404, "{}"));
            http.Response.StatusCode = status;
            return http.Response.WriteAsync(body, Cancel);
        });
        await _site.StartAsync(Cancel);
        var site = _site.Urls.First();
        _registry["dns.json"] = (200, $$"""{"services":[[["com"],["http://192.0.2.1/"]],[["net"],["{{site}}/names/"]]]}""");
        _registry["ipv4.json"] = (200, $$"""{"services":[[["45.0.0.0/8"],["http://192.0.2.1/"]],[["45.84.0.0/16"],["{{site}}/numbers"]]]}""");
        _registry["names/domain/evil-shop.net"] = (200, """{"ldhName":"evil-shop.net","status":["active"]}""");
        _registry["numbers/ip/45.84.1.2"] = (200, """{"name":"<script>alert(1)</script>","country":"NL"}""");
    }

    public async ValueTask DisposeAsync() => await _site.DisposeAsync();

    [Fact]
    public async Task Registry_is_asked_once_and_its_answer_serves_other_incidents_without_showing_them()
    {
        await using var desk = await DeskAsync();
        var hidden = await desk.OpenAsync(new IncidentFields { Title = "red", Marking = new Marking(Tlp.Red, Named: [desk.Analyst.Id]) }, new Observable("domain", Name));
        Assert.Equal(1, await AskAsync(desk, hidden, "domain", Name));
        var waits = (await desk.Get<ShowLookups>().RunAsync(desk.Analyst, hidden.Number, Cancel)).Value;
        Assert.True(waits.Waits);
        await WorkAsync(desk);
        // The host below the registered name is left out label by label.
        Assert.Equal(["dns.json", "names/domain/www.evil-shop.net", "names/domain/evil-shop.net"], _asked);
        var line = Assert.Single(Assert.Single((await desk.Get<ShowLookups>().RunAsync(desk.Analyst, hidden.Number, Cancel)).Value.Traces).Asked);
        Assert.Equal(("rdap", "answered", "name=evil-shop.net status=active"), (line.Kind, line.State, string.Join(' ', line.Facts.Select(static f => $"{f.Key}={f.Value}"))));

        var omar = desk.Modules.Person("Omar", Role.Analyst);
        var open = (await desk.Get<OpenIncident>().RunAsync(omar, new(new IncidentFields { Title = "open" }, [new("domain", Name)]), Cancel)).Value;
        Assert.Empty(Assert.Single((await desk.Get<ShowLookups>().RunAsync(omar, open.Number, Cancel)).Value.Traces).Asked);
        Assert.True((await desk.Get<AskLookup>().RunAsync(omar, new(open.Id, "domain", Name), Cancel)).Succeeded);
        Assert.False(await StepAsync(desk));
        Assert.Equal(3, _asked.Count);
        Assert.Equal("Omar", Assert.Single(Assert.Single((await desk.Get<ShowLookups>().RunAsync(omar, open.Number, Cancel)).Value.Traces).Asked).AskedBy);
        Assert.Equal(RefusalKind.NotFound, (await desk.Get<ShowLookups>().RunAsync(omar, hidden.Number, Cancel)).Refusals[0].Kind);
        Assert.Equal(RefusalKind.NotFound, (await desk.Get<AskLookup>().RunAsync(omar, new(hidden.Id, "domain", Name), Cancel)).Refusals[0].Kind);
        Assert.Equal("ticketing.refused.no-trace", (await desk.Get<AskLookup>().RunAsync(omar, new(open.Id, "domain", "other-shop.net"), Cancel)).Refusals[0].Key);
    }

    [Fact]
    public async Task Pap_decides_what_may_leave_and_is_read_again_before_it_does()
    {
        await using var desk = await DeskAsync();
        var red = await desk.OpenAsync(new IncidentFields { Title = "red", Marking = Marking.Default with { Pap = Pap.Red } }, new Observable("ipv4", Address));
        var refused = await desk.Get<AskLookup>().RunAsync(desk.Analyst, new(red.Id, "ipv4", Address), Cancel);
        Assert.Equal(("ticketing.refused.lookup-pap", "PAP:RED"), (refused.Refusals[0].Key, refused.Refusals[0].Arguments[0]));
        var sheet = (await desk.Get<ShowLookups>().RunAsync(desk.Analyst, red.Number, Cancel)).Value;
        Assert.True(sheet.Traces.All(static t => t.HeldBack && t.May.Count == 0));

        // Whoever edits without a word of PAP does not loosen it.
        var kept = await desk.Get<EditIncident>().RunAsync(desk.Analyst, new(red.Id, 1, new IncidentFields { Title = "red, edited" }, KeepsPap: true), Cancel);
        Assert.Equal((true, Pap.Red), (kept.Succeeded, (await desk.ShowAsync(red.Number)).Fields.Marking.Pap));

        // AMBER: registries, not name servers.
        var amber = await desk.OpenAsync("amber", new Observable("ipv4", Address));
        Assert.Equal(["rdap"], Assert.Single((await desk.Get<ShowLookups>().RunAsync(desk.Analyst, amber.Number, Cancel)).Value.Traces).May);
        Assert.Equal("ticketing.refused.lookup-pap", (await desk.Get<AskLookup>().RunAsync(desk.Analyst, new(amber.Id, "ipv4", Address, "dns"), Cancel)).Refusals[0].Key);
        Assert.Equal(1, await AskAsync(desk, amber, "ipv4", Address));
        // A part with a stricter label arrives before the question was put.
        Assert.True((await desk.Get<MergeIncidents>().RunAsync(desk.Analyst, new(amber.Number, [red.Id]), Cancel)).Succeeded);
        await WorkAsync(desk);
        var line = Assert.Single(Assert.Single((await desk.Get<ShowLookups>().RunAsync(desk.Analyst, amber.Number, Cancel)).Value.Traces).Asked);
        Assert.Equal(("failed", "pap"), (line.State, line.Reason));
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task Answer_of_the_most_specific_registry_is_kept_as_text_and_a_registry_inside_is_not_called()
    {
        await using var desk = await DeskAsync();
        var incident = await desk.OpenAsync("one", new Observable("ipv4", Address), new Observable("domain", "evil-shop.com"), new Observable("domain", "evil-shop.org"), new Observable("sha256", new string('a', 64)));
        await AskAsync(desk, incident, "ipv4", Address);
        await AskAsync(desk, incident, "domain", "evil-shop.com");
        await AskAsync(desk, incident, "domain", "evil-shop.org");
        Assert.Equal("ticketing.refused.lookup-nothing", (await desk.Get<AskLookup>().RunAsync(desk.Analyst, new(incident.Id, "sha256", new string('a', 64)), Cancel)).Refusals[0].Key);
        await WorkAsync(desk);
        var traces = (await desk.Get<ShowLookups>().RunAsync(desk.Analyst, incident.Number, Cancel)).Value.Traces.ToDictionary(t => t.Value, t => t.Asked.SingleOrDefault());
        Assert.Contains(traces[Address]!.Facts, static f => f == new LookupFact("name", "<script>alert(1)</script>"));
        Assert.Equal(("failed", true), (traces["evil-shop.com"]!.State, traces["evil-shop.com"]!.Reason.Contains("192.0.2.1", StringComparison.Ordinal)));
        Assert.Equal("absent", traces["evil-shop.org"]!.State);
    }

    [Fact]
    public async Task Registry_that_fails_is_asked_three_times_and_the_reason_stays()
    {
        _registry["numbers/ip/45.84.1.2"] = (503, "");
        await using var desk = await DeskAsync();
        var incident = await desk.OpenAsync("one", new Observable("ipv4", Address));
        await AskAsync(desk, incident, "ipv4", Address);
        for (var tries = 1; tries <= 3; tries++)
        {
            Assert.True(await StepAsync(desk));
            Assert.False(await StepAsync(desk));
            await desk.Modules.Database.ExecuteAsync("update ticketing.lookups set next_at = now()", null, Cancel);
        }
        Assert.False(await StepAsync(desk));
        var line = Assert.Single(Assert.Single((await desk.Get<ShowLookups>().RunAsync(desk.Analyst, incident.Number, Cancel)).Value.Traces).Asked);
        Assert.Equal(("failed", true), (line.State, line.Reason.Contains("503", StringComparison.Ordinal)));
        Assert.Equal(3, _asked.Count(static a => a.StartsWith("numbers", StringComparison.Ordinal)));

        // A list of registries that is none is said as that.
        _registry["dns.json"] = (200, """{"services":[[7],"x",[["net"],[null]]]}""");
        var odd = await desk.OpenAsync("two", new Observable("domain", Name));
        await AskAsync(desk, odd, "domain", Name);
        Assert.True(await StepAsync(desk));
        Assert.Contains("is no list of registries", Assert.Single(Assert.Single((await desk.Get<ShowLookups>().RunAsync(desk.Analyst, odd.Number, Cancel)).Value.Traces).Asked).Reason, StringComparison.Ordinal);

        await using var quiet = await DeskAsync(("ticketing:lookups:enabled", "false"));
        var other = await quiet.OpenAsync("one", new Observable("ipv4", Address));
        Assert.Equal("ticketing.refused.lookups-off", (await quiet.Get<AskLookup>().RunAsync(quiet.Analyst, new(other.Id, "ipv4", Address), Cancel)).Refusals[0].Key);
    }

    [DnsFact]
    public async Task Name_servers_are_asked_where_pap_allows_acts_against_the_source()
    {
        var port = FreePort.Take().ToString(CultureInfo.InvariantCulture);
        await using var server = CirtProcess.StartProgram(DnsFactAttribute.Program, ["--keep-in-foreground", "--no-hosts", "--no-resolv", "--listen-address=127.0.0.1", "--bind-interfaces", $"--port={port}", "--user=root", "--log-facility=-",
            $"--host-record={Name},{Address},2a0a:1::5", $"--mx-host={Name},mail.evil-shop.net,10", $"--ptr-record=2.1.84.45.in-addr.arpa,host.evil-shop.net", "--local=/net/", "--auth-ttl=60"]);
        await server.LineAsync(static l => l.Contains("started", StringComparison.Ordinal), TimeSpan.FromSeconds(20));
        await using var desk = await DeskAsync(("ticketing:lookups:resolvers:0", $"127.0.0.1:{port}"));
        var green = await desk.OpenAsync(new IncidentFields { Title = "green", Marking = Marking.Default with { Pap = Pap.Green } }, new Observable("domain", Name), new Observable("ipv4", Address), new Observable("domain", "nothing-there.net"));
        foreach (var (type, value) in new[] { ("domain", Name), ("ipv4", Address), ("domain", "nothing-there.net") })
            Assert.Equal(1, await AskAsync(desk, green, type, value, "dns"));
        await WorkAsync(desk);
        var traces = (await desk.Get<ShowLookups>().RunAsync(desk.Analyst, green.Number, Cancel)).Value.Traces.ToDictionary(t => t.Value, t => t.Asked.Single());
        Assert.Equal($"a={Address} aaaa=2a0a:1::5 mx=mail.evil-shop.net", string.Join(' ', traces[Name].Facts.Select(static f => $"{f.Key}={f.Value}")));
        Assert.Equal("ptr=host.evil-shop.net", string.Join(' ', traces[Address].Facts.Select(static f => $"{f.Key}={f.Value}")));
        Assert.Equal("absent", traces["nothing-there.net"].State);
    }

    [Fact]
    public async Task Places_come_from_the_boxs_own_tables_whatever_the_marking_and_a_broken_table_is_named()
    {
        await using var desk = await DeskAsync();
        var red = await desk.OpenAsync(new IncidentFields { Title = "red", Marking = Marking.Default with { Pap = Pap.Red } }, new Observable("ipv4", Address), new Observable("ipv6", "2a0a:1::5"), new Observable("ipv4", "8.8.8.8"));
        Assert.False((await desk.Get<ShowLookups>().RunAsync(desk.Analyst, red.Number, Cancel)).Value.HasPlaces);
        var places = desk.Get<LocalPlaces>();
        Directory.CreateDirectory(places.Folder);
        foreach (var table in Directory.GetFiles(Checkout.At("tests", "Integration", "Ticketing", "places"), "*.mmdb"))
            File.Copy(table, Path.Combine(places.Folder, Path.GetFileName(table)));
        await File.WriteAllTextAsync(Path.Combine(places.Folder, "broken.mmdb"), "not a table", Cancel);
        places.Forget();
        var sheet = (await desk.Get<ShowLookups>().RunAsync(desk.Analyst, red.Number, Cancel)).Value;
        var found = sheet.Traces.ToDictionary(t => t.Value, t => string.Join(' ', t.Places.Select(static f => $"{f.Key}={f.Value}")));
        Assert.Equal(("as=AS64500 as-name=<b>Sample</b> Hosting country=NL", "country=SE", ""), (found[Address], found["2a0a:1::5"], found["8.8.8.8"]));
        Assert.Equal(["broken.mmdb"], places.Tables.Where(static t => t.Fault is not null).Select(static t => t.File));
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task Table_whose_entries_point_at_themselves_gives_nothing_and_the_others_still_answer()
    {
        await using var desk = await DeskAsync();
        var incident = await desk.OpenAsync("one", new Observable("ipv4", Address));
        var places = desk.Get<LocalPlaces>();
        Directory.CreateDirectory(places.Folder);
        var folder = Checkout.At("tests", "Integration", "Ticketing", "places");
        var table = await File.ReadAllBytesAsync(Path.Combine(folder, "country.mmdb"), Cancel);
        // In place of the map within "country" a pointer to the first byte of the data, which is the map around it.
        var inner = table.AsSpan().IndexOf("\u0048iso_code"u8) - 1;
        (table[inner], table[inner + 1]) = (0x20, 0x00);
        await File.WriteAllBytesAsync(Path.Combine(places.Folder, "loop.mmdb"), table, Cancel);
        File.Copy(Path.Combine(folder, "asn.mmdb"), Path.Combine(places.Folder, "asn.mmdb"));
        var trace = Assert.Single((await desk.Get<ShowLookups>().RunAsync(desk.Analyst, incident.Number, Cancel)).Value.Traces);
        Assert.Equal("as=AS64500 as-name=<b>Sample</b> Hosting", string.Join(' ', trace.Places.Select(static f => $"{f.Key}={f.Value}")));
    }

    [Fact]
    public async Task Table_is_taken_only_when_it_can_be_read_and_its_name_leads_nowhere()
    {
        await using var desk = await DeskAsync();
        var admin = desk.Modules.Person("Adil", Role.Administrator);
        var places = desk.Get<LocalPlaces>();
        var outcome = await TakeAsync("../../etc/Country\u202e 2026.mmdb", await File.ReadAllBytesAsync(Checkout.At("tests", "Integration", "Ticketing", "places", "country.mmdb"), Cancel));
        Assert.Equal("Country2026.mmdb", outcome.Value);
        Assert.Equal("ticketing.refused.no-table", (await TakeAsync("Country2026.mmdb", "not a table"u8.ToArray())).Refusals[0].Key);
        Assert.Equal("ticketing.refused.no-table", (await TakeAsync("x", [])).Refusals[0].Key);
        var table = Assert.Single((await desk.Get<ListPlaces>().RunAsync(admin, new(), Cancel)).Value);
        Assert.Equal(("Country2026.mmdb", "Sample-Country", null), (table.File, table.Type, table.Fault));
        Assert.Equal(["Country2026.mmdb"], Directory.GetFiles(places.Folder).Select(Path.GetFileName));
        Assert.Equal(RefusalKind.Forbidden, (await desk.Get<RemovePlaces>().RunAsync(desk.Analyst, new(table.File), Cancel)).Refusals[0].Kind);
        Assert.Equal("ticketing.refused.no-places", (await desk.Get<RemovePlaces>().RunAsync(admin, new("../tokens"), Cancel)).Refusals[0].Key);
        Assert.True((await desk.Get<RemovePlaces>().RunAsync(admin, new(table.File), Cancel)).Succeeded);
        Assert.Empty(Directory.GetFiles(places.Folder));

        async Task<Outcome<string>> TakeAsync(string name, byte[] content)
        {
            var http = new DefaultHttpContext { Request = { Body = new MemoryStream(content), QueryString = QueryString.Create("name", name) } };
            return await TakePlaces.ReceiveAsync(http, admin, places, desk.Get<TakePlaces>(), Cancel);
        }
    }

    private Task<TicketingDesk> DeskAsync(params (string Key, string Value)[] settings) => TicketingDesk.StartAsync(new Dictionary<string, string?>(settings.ToDictionary(static s => s.Key, static s => (string?)s.Value))
    {
        ["ticketing:lookups:rdapBootstrap"] = _site.Urls.First() + "/",
        ["kernel:http:allow:0"] = new Uri(_site.Urls.First()).Authority,
    });

    private static async Task<int> AskAsync(TicketingDesk desk, IncidentRef incident, string type, string value, string? kind = null) =>
        (await desk.Get<AskLookup>().RunAsync(desk.Analyst, new(incident.Id, type, value, kind), Cancel)).Value;

    private static async Task WorkAsync(TicketingDesk desk)
    {
        while (await StepAsync(desk))
        {
        }
    }

    private static Task<bool> StepAsync(TicketingDesk desk) =>
        ActivatorUtilities.CreateInstance<LookupWorker>(desk.Modules.Services, NullLogger<LookupWorker>.Instance).StepAsync(Cancel);
}

/// <summary>A test against a real name server. Skipped by name where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class DnsFactAttribute : FactAttribute
{
    public const string Program = "/usr/sbin/dnsmasq";

    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public DnsFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) =>
        Skip = File.Exists(Program) ? null : $"{Program} is absent: install dnsmasq-base";
}
