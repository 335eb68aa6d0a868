using System.Collections.Concurrent;
using Appliance.Contracts;
using Appliance.Directories.Constituents;
using Appliance.Directories.Contacts;
using Appliance.Directories.Networks;
using Appliance.Kernel.Bulk;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Lookups;
using Appliance.Ticketing.Mailings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>A list becomes one mail for each contact, or a named exception for each line; nobody reads another's things, and nobody is written to twice.</summary>
public sealed class MailingTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<string> _asked = [];
    private readonly ConcurrentDictionary<string, (int Status, string Body)> _registry = [];
    private WebApplication _site = null!;
    private TicketingDesk _desk = null!;
    private Viewer _ana = null!;

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
        var at = _site.Urls.First() + "/";
        _registry["ipv4.json"] = (200, $$"""{"services":[[["0.0.0.0/0"],["{{at}}numbers/"]]]}""");
        _registry["ipv6.json"] = (200, $$"""{"services":[[["::/0"],["{{at}}numbers/"]]]}""");
        _registry["dns.json"] = (200, $$"""{"services":[[["net"],["{{at}}names/"]]]}""");
        _registry["asn.json"] = (200, $$"""{"services":[[["1-65000"],["{{at}}numbers/"]]]}""");
        _desk = await TicketingDesk.StartAsync(new Dictionary<string, string?>
        {
            ["ticketing:recallSeconds"] = "0",
            ["ticketing:lookups:rdapBootstrap"] = at,
            ["kernel:http:allow:0"] = new Uri(at).Authority,
        });
        _ana = await _desk.ColleagueAsync("ana");
    }

    public async ValueTask DisposeAsync()
    {
        await _desk.DisposeAsync();
        await _site.DisposeAsync();
    }

    [Fact]
    public async Task Forty_addresses_become_one_mail_for_each_contact_and_two_named_exceptions()
    {
        for (var i = 1; i <= 30; i++)
            await ConstituentAsync($"Organisation {i:00}", $"192.0.2.{i}/32", $"soc@org{i:00}.example", i == 7 ? "ar" : "en");
        for (var i = 1; i <= 8; i++)
            Registered($"45.84.{i}.9", $"abuse@hosting{i}.example");
        var incident = await OpenAsync(Tlp.Green);
        var list = string.Join('\n', Enumerable.Range(1, 30).Select(i => $"192[.]0[.]2[.]{i}").Concat(Enumerable.Range(1, 8).Select(i => $"45.84.{i}.9,infected,{i}")).Append("45.84.99.9").Append("203.0.113.5"));
        var mailing = await PrepareAsync(incident, list);
        var waits = await ShowAsync(mailing);
        Assert.Equal((40, 30, 10, 9), (waits.Counts.Things, waits.Counts.Placed, waits.Counts.Exceptions, waits.Counts.Waiting));
        await AnswersAsync();
        var sheet = await ShowAsync(mailing);
        Assert.Equal((40, 38, 2, 0, 38), (sheet.Counts.Things, sheet.Counts.Placed, sheet.Counts.Exceptions, sheet.Counts.Waiting, sheet.Counts.Ready));
        Assert.Equal([("45.84.99.9", "unknown"), ("203.0.113.5", "private")], (await ExceptionsAsync(mailing)).Select(e => (e.Value, e.Reason)));

        var run = await SendAsync(mailing);
        Assert.Equal((BulkStage.Done, 38, 38, 0), (run.Stage, run.Total, run.Done, run.Left));
        await _desk.SendAllAsync();
        Assert.Equal(38, await CountAsync("select count(*)::int from kernel.mail_out"));
        Assert.Equal(38, await CountAsync("select count(distinct address)::int from kernel.mail_recipients where state = 'sent'"));
        var letters = await LettersAsync(mailing);
        Assert.All(letters, static l => Assert.Equal(("queued", "sent"), (l.State, l.Delivery)));
        Assert.Equal(38, (await _desk.ShowAsync(incident.Number)).Timeline.Count(t => t.Kind == "mail-out"));
        // Pressed twice: there is nobody left.
        Assert.Equal("ticketing.refused.mailing-nobody", (await _desk.InScopeAsync<SendMailing, Outcome<BulkState>>(a => a.RunAsync(_ana, mailing, Cancel))).Refusals[0].Key);
    }

    private async Task<ConstituentId> ConstituentAsync(string name, string network, string mail, string language = "en")
    {
        var id = (await _desk.Get<AddConstituent>().RunAsync(_desk.Analyst, new() { Name = name }, Cancel)).Value;
        Assert.True((await _desk.Get<AddNetwork>().RunAsync(_desk.Analyst, new(id, network), Cancel)).Succeeded);
        Assert.True((await _desk.Get<AddContact>().RunAsync(_desk.Analyst, new(id, new("Desk", mail, "security", language)), Cancel)).Succeeded);
        return id;
    }

    private void Registered(string address, string? abuse, string? range = null) => _registry[$"numbers/ip/{address}"] = (200, $$"""
        {"objectClassName":"ip network","handle":"X","name":"SAMPLE","startAddress":"{{(range ?? address + "-" + address).Split('-')[0]}}","endAddress":"{{(range ?? address + "-" + address).Split('-')[1]}}",
         "entities":[{"roles":["abuse"],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Abuse"]{{(abuse is null ? "" : $",[\"email\",{{}},\"text\",\"{abuse}\"]")}}]]}]}
        """);

    private async Task<IncidentRef> OpenAsync(Tlp tlp, Pap pap = Pap.Amber) => await _desk.OpenAsync(new IncidentFields { Title = "Botnet", RsitType = "malicious-code/infected-system", Marking = new(tlp, pap) });

    private async Task<Guid> PrepareAsync(IncidentRef incident, string? list, string? kind = null)
    {
        var outcome = await _desk.InScopeAsync<PrepareMailing, Outcome<MailingRef>>(a => a.RunAsync(_ana, new(incident.Id, list, kind), Cancel));
        Assert.True(outcome.Succeeded, outcome.Succeeded ? "" : outcome.Refusals[0].Key);
        return outcome.Value.Id;
    }

    private async Task AnswersAsync()
    {
        var worker = ActivatorUtilities.CreateInstance<LookupWorker>(_desk.Modules.Services, NullLogger<LookupWorker>.Instance);
        while (await worker.StepAsync(Cancel) | await worker.FillAsync(Cancel))
        {
        }
    }

    private Task<MailingSheet> ShowAsync(Guid mailing) => _desk.InScopeAsync<ShowMailing, MailingSheet>(async q => (await q.RunAsync(_ana, mailing, Cancel)).Value);

    private async Task<List<LetterLine>> LettersAsync(Guid mailing, int size = 200)
    {
        var all = new List<LetterLine>();
        string? after = null;
        do
        {
            var page = (await _desk.Get<ListLetters>().RunAsync(_ana, new(mailing, after, size), Cancel)).Value;
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        return all;
    }

    private async Task<List<ExceptionLine>> ExceptionsAsync(Guid mailing, int size = 200)
    {
        var all = new List<ExceptionLine>();
        string? after = null;
        do
        {
            var page = (await _desk.Get<ListExceptions>().RunAsync(_ana, new(mailing, after, size), Cancel)).Value;
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        return all;
    }

    private async Task<BulkState> SendAsync(Guid mailing)
    {
        var begun = await _desk.InScopeAsync<SendMailing, Outcome<BulkState>>(a => a.RunAsync(_ana, mailing, Cancel));
        Assert.True(begun.Succeeded, begun.Succeeded ? "" : begun.Refusals[0].Key);
        await BulkAsync();
        return (await _desk.Get<IBulkActs>().FindAsync(_ana, begun.Value.Id, Cancel)).Value;
    }

    private async Task BulkAsync()
    {
        while (await _desk.Get<BulkStep>().RunAsync(Cancel) is not null)
        {
        }
    }

    private Task<int> CountAsync(string sql) => _desk.Modules.Database.FindAsync<int>(sql, null, Cancel);
}
