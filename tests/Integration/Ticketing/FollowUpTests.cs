using Appliance.Contracts;
using Appliance.Ticketing.FollowUps;
using Appliance.Ticketing.Incidents;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>Investigations and countermeasures walk their states, and are seen by whoever sees an incident they serve.</summary>
public sealed class FollowUpTests : IAsyncLifetime
{
    private TicketingDesk _desk = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _desk = await TicketingDesk.StartAsync();

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task Countermeasure_is_put_in_place_serves_two_incidents_and_is_removed()
    {
        var (one, two) = (await _desk.OpenAsync("one"), await _desk.OpenAsync("two"));
        Assert.Equal(["ticketing.refused.follow-up-kind", "ticketing.refused.title"], (await _desk.Get<OpenFollowUp>().RunAsync(_desk.Analyst, new(one.Id, "wish", " "), Cancel)).Refusals.Select(r => r.Key));
        var block = (await _desk.Get<OpenFollowUp>().RunAsync(_desk.Analyst, new(one.Id, "countermeasure", "Block 192.0.2.9", "Border"), Cancel)).Value;
        Assert.True((await _desk.Get<ServeIncident>().RunAsync(_desk.Analyst, new(block, two.Id), Cancel)).Succeeded);
        Assert.Equal("ticketing.refused.no-step", (await MoveAsync(block, "pending-activation", "pending-removal")).Refusals[0].Key);
        Assert.True((await MoveAsync(block, "pending-activation", "active")).Succeeded);
        Assert.Equal("ticketing.refused.state-moved", (await MoveAsync(block, "pending-activation", "active")).Refusals[0].Key);
        var line = Assert.Single((await _desk.Get<ListFollowUps>().RunAsync(_desk.Analyst, new(two.Number), Cancel)).Value);
        Assert.Equal(("active", 2), (line.State, line.Incidents.Count));
        Assert.True((await MoveAsync(block, "active", "pending-removal")).Succeeded);
        Assert.True((await MoveAsync(block, "pending-removal", "removed")).Succeeded);
        Assert.Equal("ticketing.refused.reason", (await MoveAsync(block, "removed", "active")).Refusals[0].Key);
        Assert.Empty((await _desk.Get<ListFollowUps>().RunAsync(_desk.Analyst, new(), Cancel)).Value);
        Assert.Equal(4, (await _desk.ShowAsync(two.Number)).Timeline.Count(t => t.Kind == "follow-up"));
    }

    [Fact]
    public async Task Investigation_belongs_to_one_incident_is_late_after_its_day_and_hidden_with_it()
    {
        var other = _desk.Modules.Person("Omar", Role.Manager);
        var red = await _desk.OpenAsync(new IncidentFields { Title = "red", Marking = new Marking(Tlp.Red, Named: [_desk.Analyst.Id]) });
        var two = await _desk.OpenAsync("two");
        var ask = (await _desk.Get<OpenFollowUp>().RunAsync(_desk.Analyst, new(red.Id, "investigation", "Who holds the domain?", "registrar.example", DateTimeOffset.UtcNow.AddDays(-1)), Cancel)).Value;
        Assert.Equal("ticketing.refused.one-incident", (await _desk.Get<ServeIncident>().RunAsync(_desk.Analyst, new(ask, two.Id), Cancel)).Refusals[0].Key);
        Assert.True(Assert.Single((await _desk.Get<ListFollowUps>().RunAsync(_desk.Analyst, new(), Cancel)).Value).Late);
        Assert.Empty((await _desk.Get<ListFollowUps>().RunAsync(other, new(), Cancel)).Value);
        Assert.Equal(RefusalKind.NotFound, (await _desk.Get<MoveFollowUp>().RunAsync(other, new(ask, "open", "resolved"), Cancel)).Refusals[0].Kind);
        Assert.Equal(RefusalKind.NotFound, (await _desk.Get<ServeIncident>().RunAsync(other, new(ask, two.Id), Cancel)).Refusals[0].Kind);
        Assert.True((await MoveAsync(ask, "open", "resolved")).Succeeded);
    }

    private Task<Outcome<Done>> MoveAsync(Guid id, string from, string to) => _desk.Get<MoveFollowUp>().RunAsync(_desk.Analyst, new(id, from, to), Cancel);
}
