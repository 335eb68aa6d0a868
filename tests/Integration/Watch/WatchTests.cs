using System.Net;
using System.Text;
using Appliance.Contracts;
using Appliance.Directories;
using Appliance.Directories.Constituents;
using Appliance.Directories.Contacts;
using Appliance.Directories.Networks;
using Appliance.Kernel.Data;
using Appliance.Tests;
using Appliance.Watch;
using Appliance.Watch.Advisories;
using Appliance.Watch.Desk;
using Appliance.Watch.Feeds;
using Appliance.Watch.Notify;
using Appliance.Watch.Words;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Appliance.Integration.Watching;

public sealed class WatchTests : IAsyncLifetime
{
    private TestModules _modules = null!;
    private WebApplication _site = null!;
    private Viewer _author = null!;
    private Viewer _second = null!;
    private Func<HttpContext, Task> _answer = _ => Task.CompletedTask;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Site => _site.Urls.First();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _site = builder.Build();
        _site.Run(http => _answer(http));
        await _site.StartAsync(Cancel);
        _modules = await TestModules.StartAsync(
            [new DirectoryModule(), new WatchModule()],
            services => services.AddSingleton<IText>(new TestText(typeof(WatchModule).Assembly)),
            new Dictionary<string, string?> { ["kernel:http:allow:0"] = new Uri(Site).Authority });
        _author = _modules.Person("Ana", Role.Analyst);
        _second = _modules.Person("Sam", Role.Analyst);
    }

    public async ValueTask DisposeAsync()
    {
        await _modules.DisposeAsync();
        await _site.DisposeAsync();
    }

    [Fact]
    public async Task Feed_is_read_once_matched_to_the_directory_and_unchanged_the_second_time()
    {
        var health = (await Get<AddConstituent>().RunAsync(_author, new() { Name = "Ministry of Health" }, Cancel)).Value;
        await Get<AddNetwork>().RunAsync(_author, new(health, "192.0.2.0/24"), Cancel);
        await Get<AddWord>().RunAsync(_author, new("Acme VPN"), Cancel);
        var asked = new List<string>();
        _answer = http =>
        {
            asked.Add(http.Request.Headers.IfNoneMatch.ToString());
            if (http.Request.Headers.IfNoneMatch == "\"v1\"")
            {
                http.Response.StatusCode = 304;
                return Task.CompletedTask;
            }
            http.Response.Headers.ETag = "\"v1\"";
            return http.Response.WriteAsync(Rss(("1", "Scans from 192[.]0[.]2[.]77", "<script>x</script>Details"), ("2", "Hole in Acme VPN, CVE-2026-12345", "Patch")), Cancel);
        };
        var feed = await AddFeedAsync("Vendor", "/feed.xml");

        Assert.Equal(2, await Get<FetchFeed>().RunAsync(feed, Cancel));
        Assert.Equal(0, await Get<FetchFeed>().RunAsync(feed, Cancel));
        Assert.Equal(["", "\"v1\""], asked);

        var items = (await Get<ListItems>().RunAsync(_author, new(), Cancel)).Value.Items;
        Assert.Equal(2, items.Count);
        var scans = items.Single(i => i.Title.StartsWith("Scans", StringComparison.Ordinal));
        Assert.Equal("192.0.2.77 → Ministry of Health", scans.FirstMatch);
        Assert.Equal(["CVE-2026-12345"], items.Single(i => i.Title.StartsWith("Hole", StringComparison.Ordinal)).Cves);
        Assert.Equal("Acme VPN", items.Single(i => i.Title.StartsWith("Hole", StringComparison.Ordinal)).FirstMatch);
        Assert.False(scans.IsRead);
        Assert.Equal("Details", (await Get<ShowItem>().RunAsync(_author, scans.Id, Cancel)).Value.Item.Summary);
        Assert.True((await Get<ListItems>().RunAsync(_author, new(Matched: true), Cancel)).Value.Items.Single(i => i.Id == scans.Id).IsRead);
        Assert.False((await Get<ListItems>().RunAsync(_second, new(), Cancel)).Value.Items.Single(i => i.Id == scans.Id).IsRead);
        var line = Assert.Single((await Get<ListFeeds>().RunAsync(_author, default, Cancel)).Value);
        Assert.Equal(("fresh", 0), (line.State, line.Failures));
        Assert.Equal(1L, await _modules.Database.FindAsync<long>("select count(*) from watch.raw_documents", null, Cancel));
    }

    [Fact]
    public async Task Same_story_from_two_sources_is_one_item()
    {
        _answer = http => http.Response.WriteAsync(Rss(("guid-" + http.Request.Path, "A long enough title about one and the same hole", "And the same words below it")), Cancel);
        Assert.Equal(1, await Get<FetchFeed>().RunAsync(await AddFeedAsync("One", "/1"), Cancel));
        Assert.Equal(0, await Get<FetchFeed>().RunAsync(await AddFeedAsync("Two", "/2"), Cancel));
        var item = Assert.Single((await Get<ListItems>().RunAsync(_author, new(), Cancel)).Value.Items);
        Assert.Equal(2, item.Sources);
        Assert.Equal(["One", "Two"], (await Get<ShowItem>().RunAsync(_author, item.Id, Cancel)).Value.Sources.Select(s => s.Source));
        Assert.Equal(["One", "Two"], (await Get<CountItems>().RunAsync(_author, default, Cancel)).Value.Select(s => s.Source));
    }

    [Fact]
    public async Task Failing_source_says_why_and_is_asked_less_often()
    {
        _answer = http =>
        {
            http.Response.StatusCode = 403;
            return Task.CompletedTask;
        };
        var feed = await AddFeedAsync("Shy", "/shy");
        Assert.Null(await Get<FetchFeed>().RunAsync(feed, Cancel));
        Assert.Null(await Get<FetchFeed>().RunAsync(feed, Cancel));
        _answer = http => http.Response.WriteAsync("<html>moved</html>", Cancel);
        Assert.Null(await Get<FetchFeed>().RunAsync(feed, Cancel));
        var line = Assert.Single((await Get<ListFeeds>().RunAsync(_author, default, Cancel)).Value);
        Assert.Equal(("failing", 3), (line.State, line.Failures));
        Assert.Contains("html", line.LastError, StringComparison.Ordinal);
        Assert.True(line.NextAt > line.LastFetchAt + TimeSpan.FromMinutes(200));
    }

    [Fact]
    public async Task Address_inside_is_not_called()
    {
        var feed = (await Get<AddFeed>().RunAsync(_author, new() { Name = "Inside", Url = "http://127.0.0.1:9/secret" }, Cancel)).Value;
        Assert.Null(await Get<FetchFeed>().RunAsync(feed, Cancel));
        Assert.Contains("not on the public Internet", Assert.Single((await Get<ListFeeds>().RunAsync(_author, default, Cancel)).Value).LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Csv_feed_and_carried_file_reach_the_desk()
    {
        _answer = http => http.Response.WriteAsync("cveID,vulnerabilityName,shortDescription\nCVE-2026-1111,Hole one,Text\nCVE-2026-2222,Hole two,Text\n", Cancel);
        var csv = (await Get<AddFeed>().RunAsync(_author, new() { Name = "KEV", Url = $"{Site}/kev.csv", Kind = "csv" }, Cancel)).Value;
        Assert.Equal(2, await Get<FetchFeed>().RunAsync(csv, Cancel));
        var carried = (await Get<AddFeed>().RunAsync(_author, new() { Name = "Carried", Kind = "carried" }, Cancel)).Value;
        Assert.Equal(1, (await Get<CarryIn>().RunAsync(_author, new(carried, "x.xml", Encoding.UTF8.GetBytes(Rss(("c1", "Carried by hand", "On a stick")))), Cancel)).Value);
        Assert.Equal("watch.refused.not-a-feed", (await Get<CarryIn>().RunAsync(_author, new(carried, "x.pdf", "%PDF-1.7"u8.ToArray()), Cancel)).Refusals[0].Key);
        Assert.Equal(3, (await Get<ListItems>().RunAsync(_author, new(), Cancel)).Value.Items.Count);
    }

    [Fact]
    public async Task Decisions_are_for_the_team_and_can_be_taken_back()
    {
        _answer = http => http.Response.WriteAsync(Rss(("1", "First", ""), ("2", "Second", "")), Cancel);
        await Get<FetchFeed>().RunAsync(await AddFeedAsync("S", "/s"), Cancel);
        var ids = (await Get<ListItems>().RunAsync(_author, new(), Cancel)).Value.Items.Select(i => i.Id).ToList();
        Assert.Equal(1, (await Get<DecideItems>().RunAsync(_author, new([ids[0]], "ignored"), Cancel)).Value);
        Assert.Equal(2, (await Get<DecideItems>().RunAsync(_second, new(ids, "kept"), Cancel)).Value);
        Assert.Equal(2, (await Get<ListItems>().RunAsync(_author, new("kept"), Cancel)).Value.Items.Count);
        Assert.Equal(2, (await Get<DecideItems>().RunAsync(_author, new(ids, "new"), Cancel)).Value);
        Assert.Equal("watch.refused.nothing-decided", (await Get<DecideItems>().RunAsync(_author, new(ids, "new"), Cancel)).Refusals[0].Key);
    }

    [Fact]
    public async Task Warning_of_a_peer_lands_once_and_keeps_its_marking()
    {
        var named = _modules.Person("Nora", Role.Analyst);
        var warning = new WarningReceived
        {
            StixId = "report--1",
            Peer = PeerId.New(),
            PeerName = "Global centre",
            Title = "Watch out",
            Text = "Worm at large",
            Marking = new(Tlp.Red, Named: [named.Id]),
        };
        for (var i = 0; i < 2; i++)
        {
            await using var work = await _modules.Database.BeginAsync(Viewer.System("watch"), Cancel);
            await Get<WarningOnDesk>().HandleAsync(warning, work, Cancel);
            await work.CommitAsync(Cancel);
        }
        var item = Assert.Single((await Get<ListItems>().RunAsync(named, new(), Cancel)).Value.Items);
        Assert.Equal(("peer", "Global centre"), (item.Origin, item.Source));
        Assert.Empty((await Get<ListItems>().RunAsync(_author, new(), Cancel)).Value.Items);
        Assert.Equal(RefusalKind.NotFound, (await Get<ShowItem>().RunAsync(_author, item.Id, Cancel)).Refusals[0].Kind);
        Assert.Empty((await Get<CountItems>().RunAsync(_author, default, Cancel)).Value);
        Assert.False((await Get<DecideItems>().RunAsync(_author, new([item.Id], "ignored"), Cancel)).Succeeded);
    }

    [Fact]
    public async Task Advisory_goes_from_draft_over_a_second_person_to_the_mailboxes()
    {
        var bank = (await Get<AddConstituent>().RunAsync(_author, new() { Name = "Bank" }, Cancel)).Value;
        await Get<AddContact>().RunAsync(_author, new(bank, new("SOC", "soc@bank.example", "security", "fr")), Cancel);
        await Get<AddContact>().RunAsync(_author, new(bank, new("Boss", "boss@bank.example", "management")), Cancel);
        await Get<AddSubscriber>().RunAsync(_author, new("press@example.org", "Press"), Cancel);
        await Get<AddSubscriber>().RunAsync(_author, new("duty@example.org", "Duty", "ar", Tlp.AmberStrict), Cancel);
        var fields = new AdvisoryFields { Title = "Hole in Acme VPN", Severity = 1, Tlp = Tlp.Amber, Summary = "Patch now.", Body = "# What\n\nA hole.", Cves = ["cve-2026-12345"], Observables = [new("domain", "evil.example")] };

        var created = (await Get<CreateAdvisory>().RunAsync(_author, new(fields), Cancel)).Value;
        Assert.Matches(@"^ADV-\d{4}-0001$", created.Number);
        Assert.True((await Get<SubmitAdvisory>().RunAsync(_author, new(created.Id, 1), Cancel)).Succeeded);
        Assert.Equal("watch.refused.own-advisory", (await Get<ApproveAdvisory>().RunAsync(_author, new(created.Id, 2), Cancel)).Refusals[0].Key);
        Assert.Equal("watch.refused.advisory-not-approved", (await Get<PublishAdvisory>().RunAsync(_second, new(created.Id, 2), Cancel)).Refusals[0].Key);
        Assert.Equal("watch.refused.advisory-changed", (await Get<ApproveAdvisory>().RunAsync(_second, new(created.Id, 1), Cancel)).Refusals[0].Key);
        Assert.True((await Get<ApproveAdvisory>().RunAsync(_second, new(created.Id, 2), Cancel)).Succeeded);
        var sent = await Get<PublishAdvisory>().RunAsync(_author, new(created.Id, 3), Cancel);
        Assert.Equal(new AdvisorySent(created.Number, 1, 2), sent.Value);
        await _modules.DeliverAsync();

        var sheet = (await Get<ShowAdvisory>().RunAsync(_author, created.Number, Cancel)).Value;
        Assert.Equal("published", sheet.Advisory.State);
        Assert.Equal(["duty@example.org", "soc@bank.example"], sheet.Deliveries.Select(d => d.Address).Order());
        Assert.All(sheet.Deliveries, d => Assert.Equal("held", d.State));
        Assert.Equal("Sam", Assert.Single(sheet.Revisions).ApprovedBy);
        var subjects = await _modules.Database.QueryAsync<string>("select subject from kernel.mail_out order by language", null, Cancel);
        Assert.All(subjects, s => Assert.StartsWith($"[TLP:AMBER] {created.Number}: Hole", s, StringComparison.Ordinal));
        var raw = await _modules.Database.QueryAsync<byte[]>("select r.bytes from kernel.mail_out o join kernel.mail_raw r on r.sha256 = o.sha256 where o.language = 'fr'", null, Cancel);
        Assert.Contains("To: SOC <soc@bank.example>", Encoding.ASCII.GetString(Assert.Single(raw)), StringComparison.Ordinal);
        Assert.Equal(1L, await _modules.Database.FindAsync<long>("select count(*) from kernel.outbox_events where name = 'watch.advisory-published'", null, Cancel));

        // The next revision: new hands, new approval, and the printed text stays the published one until then.
        var version = (await Get<EditAdvisory>().RunAsync(_second, new(created.Id, 4, fields with { Title = "Hole in Acme VPN, fixed" }), Cancel)).Value;
        Assert.Equal("Hole in Acme VPN", (await Get<ReadAdvisory>().RunAsync(_author, new(created.Number), Cancel)).Value.Title);
        Assert.True((await Get<SubmitAdvisory>().RunAsync(_second, new(created.Id, version), Cancel)).Succeeded);
        Assert.False((await Get<ApproveAdvisory>().RunAsync(_second, new(created.Id, version + 1), Cancel)).Succeeded);
        var third = _modules.Person("Tia", Role.Manager);
        Assert.True((await Get<ApproveAdvisory>().RunAsync(third, new(created.Id, version + 1), Cancel)).Succeeded);
        Assert.Equal(2, (await Get<PublishAdvisory>().RunAsync(third, new(created.Id, version + 2, TellSubscribers: false), Cancel)).Value.Revision);
        Assert.Equal("Hole in Acme VPN, fixed", (await Get<ReadAdvisory>().RunAsync(_author, new(created.Number), Cancel)).Value.Title);
        Assert.Equal("Hole in Acme VPN", (await Get<ReadAdvisory>().RunAsync(_author, new(created.Number, 1), Cancel)).Value.Title);
    }

    [Fact]
    public async Task Answer_of_a_peer_and_state_of_a_message_show_on_the_advisory()
    {
        await Get<AddSubscriber>().RunAsync(_author, new("press@example.org"), Cancel);
        var created = await PublishedAsync("Open to all");
        var mail = await _modules.Database.FindAsync<Guid>("select mail_id from watch.deliveries", null, Cancel);
        await using (var work = await _modules.Database.BeginAsync(Viewer.System("watch"), Cancel))
        {
            var acknowledged = new ShareAcknowledged { Peer = PeerId.New(), PeerName = "Hub", Subject = $"advisory/{created.Id}", AcknowledgedAt = work.Now, Marking = Marking.Default };
            await Get<AcknowledgementOnShare>().HandleAsync(acknowledged, work, Cancel);
            await Get<AcknowledgementOnShare>().HandleAsync(acknowledged, work, Cancel);
            await Get<AcknowledgementOnShare>().HandleAsync(acknowledged with { Subject = $"incident/{Guid.NewGuid()}" }, work, Cancel);
            await Get<DeliveryOnMailState>().HandleAsync(new() { Mail = new(mail), Subject = $"advisory/{created.Id}", Recipient = "press@example.org", State = "failed", OccurredAt = work.Now.AddSeconds(1), Marking = Marking.Default }, work, Cancel);
            await work.CommitAsync(Cancel);
        }
        var sheet = (await Get<ShowAdvisory>().RunAsync(_author, created.Number, Cancel)).Value;
        Assert.Equal("Hub", Assert.Single(sheet.Acknowledgements).Peer);
        Assert.Equal("failed", Assert.Single(sheet.Deliveries).State);
    }

    [Fact]
    public async Task Item_turned_into_an_advisory_points_to_it_and_numbers_have_no_gap()
    {
        _answer = http => http.Response.WriteAsync(Rss(("1", "Worth telling", "Text")), Cancel);
        await Get<FetchFeed>().RunAsync(await AddFeedAsync("S", "/s"), Cancel);
        var item = (await Get<ListItems>().RunAsync(_author, new(), Cancel)).Value.Items[0].Id;
        Assert.False((await Get<CreateAdvisory>().RunAsync(_author, new(new() { Title = "" }), Cancel)).Succeeded);
        var created = (await Get<CreateAdvisory>().RunAsync(_author, new(new() { Title = "Told" }, item), Cancel)).Value;
        Assert.EndsWith("-0001", created.Number, StringComparison.Ordinal);
        Assert.Equal((created.Number, "advisory"), (await Get<ShowItem>().RunAsync(_author, item, Cancel)).Value.Item is var row ? (row.AdvisoryNumber, row.State) : default);
        Assert.Equal("watch.refused.item-taken", (await Get<CreateAdvisory>().RunAsync(_author, new(new() { Title = "Again" }, item), Cancel)).Refusals[0].Key);
        Assert.EndsWith("-0002", (await Get<CreateAdvisory>().RunAsync(_author, new(new() { Title = "Next" }), Cancel)).Value.Number, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Returned_and_withdrawn_advisories_say_why()
    {
        var created = (await Get<CreateAdvisory>().RunAsync(_author, new(new() { Title = "T", Summary = "S", Body = "B" }), Cancel)).Value;
        Assert.True((await Get<SubmitAdvisory>().RunAsync(_author, new(created.Id, 1), Cancel)).Succeeded);
        Assert.Equal("watch.refused.reason", (await Get<ReturnAdvisory>().RunAsync(_second, new(created.Id, 2), Cancel)).Refusals[0].Key);
        Assert.True((await Get<ReturnAdvisory>().RunAsync(_second, new(created.Id, 2, "Wrong product"), Cancel)).Succeeded);
        Assert.Equal(("draft", "Wrong product"), (await Get<ShowAdvisory>().RunAsync(_author, created.Number, Cancel)).Value.Advisory is var row ? (row.State, row.ReturnedReason) : default);
        Assert.True((await Get<WithdrawAdvisory>().RunAsync(_author, new(created.Id, 3, "Not true"), Cancel)).Succeeded);
        Assert.Equal("watch.refused.advisory-withdrawn", (await Get<EditAdvisory>().RunAsync(_author, new(created.Id, 4, new() { Title = "T" }), Cancel)).Refusals[0].Key);
    }

    [Fact]
    public async Task Figures_count_what_the_viewer_may_see()
    {
        await PublishedAsync("Seen");
        var figures = (await _modules.Services.GetServices<IFigures>().OfType<Appliance.Watch.Figures.WatchFigures>().Single().ReadAsync(_author, Cancel)).ToDictionary(f => f.Key, f => f.Value);
        Assert.Equal(1, figures["watch.figure.published"]);
        Assert.Equal(0, figures["watch.figure.days-since-first"]);
        Assert.Equal(0, figures["watch.figure.unread"]);
    }

    private async Task<AdvisoryCreated> PublishedAsync(string title)
    {
        var created = (await Get<CreateAdvisory>().RunAsync(_author, new(new() { Title = title, Summary = "S", Body = "B", Tlp = Tlp.Clear }), Cancel)).Value;
        await Get<SubmitAdvisory>().RunAsync(_author, new(created.Id, 1), Cancel);
        await Get<ApproveAdvisory>().RunAsync(_second, new(created.Id, 2), Cancel);
        Assert.True((await Get<PublishAdvisory>().RunAsync(_author, new(created.Id, 3), Cancel)).Succeeded);
        return created;
    }

    private async Task<Guid> AddFeedAsync(string name, string path) => (await Get<AddFeed>().RunAsync(_author, new() { Name = name, Url = Site + path }, Cancel)).Value;

    private static string Rss(params (string Guid, string Title, string Summary)[] items) =>
        "<rss version='2.0'><channel><title>x</title>"
        + string.Concat(items.Select(i => $"<item><guid isPermaLink='false'>{i.Guid}</guid><title>{i.Title}</title><description>{WebUtility.HtmlEncode(i.Summary)}</description></item>"))
        + "</channel></rss>";

    private T Get<T>()
        where T : notnull => _modules.Services.GetRequiredService<T>();
}
