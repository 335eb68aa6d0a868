using System.Text.Json;
using Appliance.Contracts;
using Appliance.Uplink;
using Appliance.Uplink.Gate;
using Appliance.Uplink.Inbox;
using Appliance.Uplink.Peers;
using Xunit;

namespace Appliance.Integration.Uplink;

/// <summary>The case's last leg between two nodes: confirmed at home, approved, pulled by the hub, acknowledged at home.</summary>
public sealed class ExchangeTests : IAsyncLifetime
{
    private Node _home = null!;
    private Node _hub = null!;
    private PeerId _hubAtHome;
    private Credential _credential = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _home = await Node.StartAsync("CERT-XX", NodeRole.National);
        _hub = await Node.StartAsync("Regional centre", NodeRole.Hub);
        (_hubAtHome, _credential) = await _home.BefriendAsync("Regional centre");
        await _hub.FollowAsync(_home, _credential);
    }

    public async ValueTask DisposeAsync()
    {
        await _home.DisposeAsync();
        await _hub.DisposeAsync();
    }

    [Fact]
    public async Task Approved_advisory_is_pulled_by_the_hub_and_its_acknowledgement_comes_home()
    {
        var share = await ShareOfAsync(Advisory());
        Assert.True((await ApproveAsync(share)).Succeeded);

        await _hub.RoundAsync();

        var received = Assert.Single((await InboxAsync()).Items, r => r.Type == "report");
        Assert.Equal(("Patch the mail gateway", "new", Tlp.Green), (received.Title, received.State, received.Marking.Tlp));
        var sheet = await SheetAsync(share);
        var recipient = Assert.Single(sheet.Recipients);
        Assert.Equal("acknowledged", recipient.State);
        Assert.NotNull(recipient.PulledAt);
        var fact = Assert.Single(await FactsAsync(_home, "uplink.share-acknowledged"));
        Assert.Equal(sheet.Share.Subject, fact.GetProperty("subject").GetString());
        Assert.Equal("Regional centre", fact.GetProperty("peerName").GetString());

        // Again and again changes nothing: no second object, no second acknowledgement, no second fact.
        await _hub.RoundAsync();
        await _hub.RoundAsync();
        Assert.Single((await InboxAsync()).Items, r => r.Type == "report");
        Assert.Single(await FactsAsync(_home, "uplink.share-acknowledged"));
    }

    [Fact]
    public async Task Accepted_report_becomes_a_warning_and_its_indicators_go_to_the_sensors()
    {
        await ApproveAsync(await ShareOfAsync(Advisory()));
        await _hub.RoundAsync();
        var received = (await InboxAsync()).Items.Single(r => r.Type == "report");

        Assert.True((await _hub.Get<AcceptReceived>().RunAsync(_hub.Modules.Person("Ana", Role.Analyst), received.Id, Cancel)).Succeeded);

        var warning = Assert.Single(await FactsAsync(_hub, "uplink.warning-received"));
        Assert.Equal("Patch the mail gateway", warning.GetProperty("title").GetString());
        Assert.Contains("Install the update", warning.GetProperty("text").GetString(), StringComparison.Ordinal);
        var indicator = Assert.Single(await FactsAsync(_hub, "uplink.indicator-received"));
        Assert.Equal("evil.example", indicator.GetProperty("observables")[0].GetProperty("value").GetString());
        Assert.Equal("uplink.refused.received-state", (await _hub.Get<AcceptReceived>().RunAsync(_hub.Modules.Person("Ana", Role.Analyst), received.Id, Cancel)).Refusals[0].Key);
    }

    [Fact]
    public async Task Accepted_incident_brings_its_indicators()
    {
        await ApproveAsync(await ShareOfAsync(Incident(new(Tlp.Amber))));
        await _hub.RoundAsync();
        var received = (await InboxAsync()).Items.Single(r => r.Type == "incident");
        Assert.True((await _hub.Get<AcceptReceived>().RunAsync(_hub.Modules.Person("Ana", Role.Analyst), received.Id, Cancel)).Succeeded);
        Assert.Equal(2, (await FactsAsync(_hub, "uplink.indicator-received")).Count);
    }

    [Fact]
    public async Task Revision_arrives_as_a_new_version_of_the_same_report()
    {
        var first = Advisory();
        await ApproveAsync(await ShareOfAsync(first));
        await _hub.RoundAsync();
        await ApproveAsync(await ShareOfAsync(Advisory() with { Advisory = first.Advisory, Revision = 2, Title = "Patch the mail gateway now" }));
        await _hub.RoundAsync();

        var reports = (await InboxAsync()).Items.Where(r => r.Type == "report").ToList();
        Assert.Equal(2, reports.Count);
        Assert.Single(reports.Select(r => r.StixId).Distinct());
        Assert.Equal("Patch the mail gateway now", reports.MaxBy(r => r.Version)!.Title);
        Assert.Equal(2, (await FactsAsync(_home, "uplink.share-acknowledged")).Count);
    }

    [Fact]
    public async Task Refusal_with_its_reason_is_shown_at_home()
    {
        var share = await ShareOfAsync(Advisory());
        await ApproveAsync(share);
        await _hub.RoundAsync();
        var received = (await InboxAsync()).Items.Single(r => r.Type == "report");
        Assert.True((await _hub.Get<RefuseReceived>().RunAsync(_hub.Modules.Person("Ana", Role.Analyst), new(received.Id, "Out of our area."), Cancel)).Succeeded);
        await _hub.RoundAsync();

        var recipient = Assert.Single((await SheetAsync(share)).Recipients);
        Assert.Equal(("refused", "Out of our area."), (recipient.State, recipient.Note));
    }

    [Fact]
    public async Task Withdrawn_share_that_was_read_is_revoked_and_an_unread_one_vanishes()
    {
        var read = await ShareOfAsync(Advisory());
        await ApproveAsync(read);
        await _hub.RoundAsync();
        var unread = await ShareOfAsync(Advisory());
        await ApproveAsync(unread);
        foreach (var share in new[] { read, unread })
            Assert.True((await _home.Get<WithdrawShare>().RunAsync(Manager(), new(share, "Sent in error"), Cancel)).Succeeded);
        await _hub.RoundAsync();

        var reports = (await InboxAsync()).Items.Where(r => r.Type == "report").OrderBy(r => r.Version).ToList();
        Assert.Equal(2, reports.Count);
        Assert.Single(reports.Select(r => r.StixId).Distinct());
        var sheet = (await _hub.Get<ShowReceived>().RunAsync(_hub.Modules.Person("Ana", Role.Analyst), reports[1].Id, Cancel)).Value;
        Assert.Contains("\"revoked\": true", sheet.Json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subject_that_was_withdrawn_comes_back_under_a_new_id()
    {
        var fact = Advisory();
        var share = await ShareOfAsync(fact);
        await ApproveAsync(share);
        await _home.Get<WithdrawShare>().RunAsync(Manager(), new(share, "Wrong text"), Cancel);
        var again = await ShareOfAsync(Advisory() with { Advisory = fact.Advisory, Revision = 2 });
        Assert.NotEqual((await SheetAsync(share)).Share.MainId, (await SheetAsync(again)).Share.MainId);
    }

    [Fact]
    public async Task Peer_that_answers_rubbish_is_shown_with_its_error_and_left_alone_for_a_while()
    {
        await _hub.Database.ExecuteAsync("update uplink.peers set root_url = root_url || 'nowhere/'", null, Cancel);
        await _hub.RoundAsync();
        var peer = Assert.Single((await _hub.Get<ListPeers>().RunAsync(_hub.Modules.Person("Manu", Role.Manager), default, Cancel)).Value);
        Assert.Contains("404", peer.LastError, StringComparison.Ordinal);
        Assert.True(peer.Failures > 0);
        Assert.True(peer.NextPullAt > DateTimeOffset.UtcNow);
    }

    private Viewer Manager() => _home.Modules.Person("Manu", Role.Manager);

    private async Task<Guid> ShareOfAsync(EventRecord fact) => await Publishing.ShareOfAsync(_home, fact);

    private async Task<Outcome<Done>> ApproveAsync(Guid share)
    {
        var sheet = await SheetAsync(share);
        return await _home.Get<ApproveShare>().RunAsync(Manager(), new(share, [_hubAtHome.Value], "Cybersecurity act, article 12", sheet.Sha256), Cancel);
    }

    private async Task<ShareSheet> SheetAsync(Guid share) => (await _home.Get<ShowShare>().RunAsync(Manager(), share, Cancel)).Value;

    private async Task<Page<Received>> InboxAsync() => (await _hub.Get<ListReceived>().RunAsync(_hub.Modules.Person("Ana", Role.Analyst), new(), Cancel)).Value;

    private static Task<IReadOnlyList<JsonElement>> FactsAsync(Node node, string name) => Publishing.FactsAsync(node, name);

    private static AdvisoryPublished Advisory() => Publishing.Advisory();

    private static IncidentConfirmed Incident(Marking marking) => Publishing.Incident(marking);
}

/// <summary>Facts of other modules, published as they do it.</summary>
internal static class Publishing
{
    public static async Task<Guid> ShareOfAsync(Node node, EventRecord fact)
    {
        await using (var work = await node.Database.BeginAsync(Viewer.System("test"), default))
        {
            var takeIn = node.Get<TakeIn>();
            // Through the handlers the dispatcher would call.
            if (fact is IncidentConfirmed incident)
                await new IncidentConfirmedHandler(takeIn).HandleAsync(incident, work, default);
            else
                await new AdvisoryPublishedHandler(takeIn).HandleAsync((AdvisoryPublished)fact, work, default);
            await work.CommitAsync(default);
        }
        return await node.Database.FindAsync<Guid>("select id from uplink.shares where source_event = @Id", new { Id = fact.EventId.Value }, default);
    }

    public static async Task<IReadOnlyList<JsonElement>> FactsAsync(Node node, string name) =>
        [.. (await node.Database.QueryAsync<string>("select body::text from kernel.outbox_events where name = @name order by occurred_at", new { name }, default)).Select(b => JsonDocument.Parse(b).RootElement)];

    public static AdvisoryPublished Advisory() => new()
    {
        Marking = new(Tlp.Green, Pap.Green),
        Advisory = AdvisoryId.New(),
        Number = "ADV-2026-0003",
        Revision = 1,
        Title = "Patch the mail gateway",
        Summary = "A flaw is being used.",
        Body = "Install the update.",
        Severity = 1,
        Cves = ["CVE-2026-12345"],
        Observables = [new("domain", "evil.example")],
    };

    public static IncidentConfirmed Incident(Marking marking) => new()
    {
        Marking = marking,
        Incident = IncidentId.New(),
        Number = "INC-2026-00017",
        Title = "Scanning",
        RsitType = "information-gathering/scanner",
        Severity = 2,
        FirstSeen = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
        Observables = [new("ipv4", "203.0.113.9"), new("ipv4", "10.0.0.7"), new("domain", "evil.example")],
    };
}
