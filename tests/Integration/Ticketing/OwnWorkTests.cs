using Appliance.Contracts;
using Appliance.Ticketing.Incidents;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>What waits for a person by name, and what they had open: their own alone, as they may see it now.</summary>
public sealed class OwnWorkTests : IAsyncLifetime
{
    private TicketingDesk _desk = null!;
    private Viewer _omar = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _desk = await TicketingDesk.StartAsync();
        _omar = await _desk.ColleagueAsync("omar");
    }

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task Work_is_what_one_owns_and_is_open_with_what_is_due_first()
    {
        var (later, soon, done, hers) = (await _desk.OpenAsync("later"), await _desk.OpenAsync("soon"), await _desk.OpenAsync("done"), await _desk.OpenAsync("hers"));
        foreach (var incident in new[] { later, soon, done })
            await OwnAsync(incident.Id, _omar);
        await OwnAsync(hers.Id, _desk.Analyst);
        await ExecuteAsync("update ticketing.incidents set due_at = now() + case title when 'soon' then interval '1 hour' else interval '1 day' end");
        await ExecuteAsync("update ticketing.incidents set closed_at = now(), state = 'closed' where title = 'done'");

        var work = await WorkAsync(_omar);

        Assert.Equal([$"{soon.Number} soon", $"{later.Number} later"], work.Select(w => w.Title));
        Assert.Equal(($"/tickets/{soon.Number}", "ticketing.kind.incident", "ticketing.state.triage"), (work[0].Link, work[0].KindKey, work[0].StateKey));
        Assert.NotNull(work[0].Due);
        Assert.Empty(await WorkAsync(_omar with { Permissions = [] }));
    }

    [Fact]
    public async Task Work_that_a_marking_hides_is_not_named()
    {
        var incident = await _desk.OpenAsync("soon hidden");
        await OwnAsync(incident.Id, _omar);
        await ExecuteAsync("update ticketing.incidents set tlp = 4, named = '{}'");
        Assert.Empty(await WorkAsync(_omar));
    }

    [Fact]
    public async Task Things_opened_are_listed_once_with_the_newest_on_top_under_their_present_title()
    {
        var (first, second) = (await _desk.OpenAsync("first"), await _desk.OpenAsync("second"));
        var report = await _desk.ReportAsync("a call", "eve@elsewhere.example");
        foreach (var path in new[] { $"/tickets/{first.Number}", $"/tickets/{second.Number}", $"/tickets/reports/{report}", "/tickets", "/tickets/new", "/admin/jobs", $"/tickets/{first.Number}" })
            await OpenedAsync(_omar, path);
        await ExecuteAsync("update ticketing.incidents set title = 'renamed' where title = 'first'");

        Assert.Equal([$"{first.Number} renamed", "a call", $"{second.Number} second"], (await RecentAsync(_omar)).Select(r => r.Thing.Title));
        Assert.Empty(await RecentAsync(_desk.Analyst));
    }

    [Fact]
    public async Task What_is_hidden_or_gone_since_it_was_opened_is_left_out_and_comes_back_with_its_marking()
    {
        var incident = await _desk.OpenAsync("canary");
        await OpenedAsync(_omar, $"/tickets/{incident.Number}");
        await OpenedAsync(_omar, "/tickets/INC-1999-00001");
        await ExecuteAsync("update ticketing.incidents set tlp = 4, named = '{}'");
        Assert.Empty(await RecentAsync(_omar));
        await ExecuteAsync("update ticketing.incidents set tlp = 2");
        Assert.Single(await RecentAsync(_omar));
        Assert.Empty(await RecentAsync(_omar with { Permissions = [] }));
        Assert.DoesNotContain(await _desk.Modules.Database.QueryAsync<string>("select r::text from kernel.recents r", null, Cancel), row => row.Contains("canary", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fifty_stay_of_each_person()
    {
        var incident = await _desk.OpenAsync("the first of many");
        var lina = await _desk.ColleagueAsync("lina");
        await OpenedAsync(lina, $"/tickets/{incident.Number}");
        for (var i = 1; i <= 60; i++)
            await OpenedAsync(_omar, $"/tickets/INC-2026-{i:00000}");
        var kept = await _desk.Modules.Database.QueryAsync<string>("select path from kernel.recents where user_id = @User order by opened_at", new { User = _omar.Id.Value }, Cancel);
        Assert.Equal(Enumerable.Range(11, 50).Select(i => $"/tickets/INC-2026-{i:00000}"), kept);
        Assert.Single(await RecentAsync(lina));
    }

    private Task<IReadOnlyList<WorkItem>> WorkAsync(Viewer viewer) =>
        _desk.InScopeAsync<IServiceProvider, IReadOnlyList<WorkItem>>(async s => [.. (await Task.WhenAll(s.GetServices<IOwnWork>().Select(w => w.ReadAsync(viewer, 12, Cancel)))).SelectMany(w => w)]);

    private Task<int> OpenedAsync(Viewer viewer, string path) => _desk.InScopeAsync<IRecents, int>(async r =>
    {
        await r.OpenedAsync(viewer, path, Cancel);
        return 0;
    });

    private Task<IReadOnlyList<Recent>> RecentAsync(Viewer viewer) => _desk.InScopeAsync<IRecents, IReadOnlyList<Recent>>(r => r.ListAsync(viewer, 20, Cancel));

    private async Task OwnAsync(IncidentId incident, Viewer owner) =>
        Assert.True((await _desk.InScopeAsync<TakeOwnership, Outcome<Done>>(a => a.RunAsync(_desk.Analyst, new(incident, Owner: owner.Id), Cancel))).Succeeded);

    private async Task ExecuteAsync(string sql)
    {
        await using var database = NpgsqlDataSource.Create(_desk.Modules.Owner);
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
