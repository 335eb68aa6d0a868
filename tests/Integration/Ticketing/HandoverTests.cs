using Appliance.Contracts;
using Appliance.Ticketing.Handover;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>A shift is handed over in words and incidents, taken over once by somebody else, and shows each reader only what their marking allows.</summary>
public sealed class HandoverTests : IAsyncLifetime
{
    private TicketingDesk _desk = null!;
    private Viewer _omar = null!;
    private Viewer _lina = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _desk = await TicketingDesk.StartAsync();
        (_omar, _lina) = (await _desk.ColleagueAsync("omar"), await _desk.ColleagueAsync("lina"));
    }

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task Shift_is_taken_over_once_by_somebody_else_and_both_sides_are_told()
    {
        var incident = await _desk.OpenAsync("goes on");
        var id = (await HandAsync(_omar, "The ministry calls back at eight.", incident.Id.Value)).Value;
        Assert.Equal(["ticketing.notice.handed-over"], await ToldAsync(_lina));
        Assert.Empty(await ToldAsync(_omar));
        var waiting = Assert.Single((await ListAsync(_lina)).Items);
        Assert.Equal(("omar", false, (DateTimeOffset?)null), (waiting.By, waiting.Own, waiting.AcceptedAt));
        Assert.Equal([incident.Number], waiting.Incidents.Select(i => i.Number));

        Assert.Equal("ticketing.refused.handover-own", Refusal(await AcceptAsync(_omar, id)));
        var both = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => AcceptAsync(_lina, id, $"who calls? {i}")));
        Assert.Single(both, o => o.Succeeded);
        Assert.All(both.Where(o => !o.Succeeded), o => Assert.Equal("ticketing.refused.handover-taken", Refusal(o)));

        var taken = Assert.Single((await ListAsync(_omar)).Items);
        Assert.Equal(("lina", true), (taken.AcceptedBy, taken.Own));
        Assert.StartsWith("who calls?", taken.Answer, StringComparison.Ordinal);
        Assert.Equal(["ticketing.notice.taken-over"], await ToldAsync(_omar));
        Assert.Equal(1, await _desk.Modules.Database.FindAsync<long>("select count(*) from audit.entries where action = 'ticketing.shift.taken-over'", null, Cancel));
    }

    [Fact]
    public async Task Reader_sees_only_incidents_that_the_marking_allows_and_nothing_of_another_teams_shift()
    {
        var red = await _desk.OpenAsync(new Appliance.Ticketing.Incidents.IncidentFields { Title = "canary", Marking = new Marking(Tlp.Red, Named: [_desk.Analyst.Id]) });
        Assert.True((await HandAsync(_desk.Analyst, "", red.Id.Value)).Succeeded);
        Assert.Single(Assert.Single((await ListAsync(_desk.Analyst)).Items).Incidents);
        Assert.Empty(Assert.Single((await ListAsync(_omar)).Items).Incidents);
        Assert.Empty((await ListAsync(_omar with { ReadsUpTo = Tlp.Green })).Items);
        // Whoever may not see an incident cannot point to it either.
        Assert.Equal("ticketing.refused.no-incident", Refusal(await HandAsync(_omar, "look", red.Id.Value)));
        Assert.Single((await ListAsync(_omar)).Items);
    }

    [Fact]
    public async Task Empty_and_overlong_handovers_are_refused_and_pages_follow_by_key()
    {
        Assert.Equal("ticketing.refused.handover-empty", Refusal(await HandAsync(_omar, "  ")));
        Assert.Equal("ticketing.refused.text-long", Refusal(await HandAsync(_omar, new string('x', 20_001))));
        for (var i = 0; i < 7; i++)
            Assert.True((await HandAsync(_omar, $"shift {i}")).Succeeded);
        var (seen, after) = (new List<string>(), (string?)null);
        do
        {
            var page = (await _desk.InScopeAsync<ListHandovers, Outcome<Page<HandoverSheet>>>(l => l.RunAsync(_lina, new(after, 3), Cancel))).Value;
            seen.AddRange(page.Items.Select(h => h.Text));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(Enumerable.Range(0, 7).Reverse().Select(i => $"shift {i}"), seen);
    }

    private Task<Outcome<Guid>> HandAsync(Viewer by, string text, params Guid[] incidents) => _desk.InScopeAsync<HandOver, Outcome<Guid>>(a => a.RunAsync(by, new(text, incidents), Cancel));

    private Task<Outcome<Done>> AcceptAsync(Viewer by, Guid id, string answer = "") => _desk.InScopeAsync<AcceptHandover, Outcome<Done>>(a => a.RunAsync(by, new(id, answer), Cancel));

    private async Task<Page<HandoverSheet>> ListAsync(Viewer viewer) => (await _desk.InScopeAsync<ListHandovers, Outcome<Page<HandoverSheet>>>(l => l.RunAsync(viewer, new(), Cancel))).Value;

    private async Task<IReadOnlyList<string>> ToldAsync(Viewer viewer) => [.. (await _desk.Get<INotices>().ListAsync(viewer, true, null, 50, Cancel)).Items.Select(n => n.Key)];

    private static string Refusal<T>(Outcome<T> outcome) => Assert.Single(outcome.Refusals).Key;
}
