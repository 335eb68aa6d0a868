using Appliance.Contracts;
using Appliance.Ticketing.Incidents;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>The owner of an incident hears what others did to it, once a matter, by number alone, and until its page is opened.</summary>
public sealed class NoticeTests : IAsyncLifetime
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
    public async Task Owner_is_told_of_being_given_an_incident_and_of_every_matter_once()
    {
        var incident = await GivenAsync("first");
        Assert.Equal([("ticketing.notice.assigned", 1)], await ToldAsync());
        var one = Assert.Single((await ListAsync(unread: true)).Items);
        Assert.Equal(("Ana", $"/tickets/{incident.Number}", true), (one.By, one.Link, one.Unread));
        Assert.Equal([incident.Number], one.Arguments);

        foreach (var text in new[] { "one", "two", "three" })
            await NoteAsync(_desk.Analyst, incident.Id, text);
        Assert.Equal([("ticketing.notice.noted", 3), ("ticketing.notice.assigned", 1)], await ToldAsync());

        // What he does himself is no news to him, and hers are none.
        await NoteAsync(_omar, incident.Id, "mine");
        Assert.Equal(2, (await ToldAsync()).Count);
        Assert.Empty((await _desk.Get<INotices>().ListAsync(_desk.Analyst, false, null, 50, Cancel)).Items);
    }

    [Fact]
    public async Task Opening_the_page_reads_what_leads_there_and_the_next_matter_is_new_again()
    {
        var (first, second) = (await GivenAsync("first"), await GivenAsync("second"));
        Assert.Equal(1, await _desk.Get<INotices>().ReadAsync(_omar, $"/tickets/{first.Number}", Cancel));
        Assert.Equal([$"/tickets/{second.Number}"], (await ListAsync(unread: true)).Items.Select(n => n.Link));
        await NoteAsync(_desk.Analyst, first.Id, "again");
        Assert.Equal(2, (await ListAsync(unread: true)).Items.Count);
        // Nobody reads another's.
        Assert.Equal(0, await _desk.Get<INotices>().ReadAsync(_desk.Analyst, null, Cancel));
        Assert.Equal(2, await _desk.Get<INotices>().ReadAsync(_omar, null, Cancel));
        Assert.Empty((await ListAsync(unread: true)).Items);
        Assert.Equal(3, (await ListAsync(unread: false)).Items.Count);
    }

    [Fact]
    public async Task Notices_hold_numbers_and_no_word_of_the_incident()
    {
        var red = await _desk.OpenAsync(new IncidentFields { Title = "canary-title", Summary = "canary-summary", Marking = new Marking(Tlp.Red, Named: [_desk.Analyst.Id, _omar.Id]) });
        await OwnAsync(red.Id);
        await NoteAsync(_desk.Analyst, red.Id, "canary-note");
        var rows = await _desk.Modules.Database.QueryAsync<string>("select n::text from kernel.notices n", null, Cancel);
        Assert.Equal(2, rows.Count);
        Assert.DoesNotContain(rows, row => row.Contains("canary", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_is_called_in_a_note_is_told_unless_the_marking_hides_the_incident()
    {
        var open = await _desk.OpenAsync("seen by all");
        var red = await _desk.OpenAsync(new IncidentFields { Title = "not for omar", Marking = new Marking(Tlp.Red, Named: [_desk.Analyst.Id]) });
        await NoteAsync(_desk.Analyst, open.Id, "@Omar, please look; write to soc@omar.example and @nobody.");
        await NoteAsync(_desk.Analyst, red.Id, "@omar must not hear of this");
        Assert.Equal([("ticketing.notice.mentioned", 1)], await ToldAsync());

        // Called in the first version, he is not called again by the second; a new call is one.
        var note = await _desk.Modules.Database.FindAsync<Guid>("select id from ticketing.timeline where kind = 'note' and incident_id = @Id", new { Id = open.Id.Value }, Cancel);
        await _desk.Get<INotices>().ReadAsync(_omar, null, Cancel);
        Assert.True((await _desk.Get<EditNote>().RunAsync(_desk.Analyst, new(note, 1, "@omar: nothing new"), Cancel)).Succeeded);
        Assert.Empty(await ToldAsync());
        Assert.True((await _desk.Get<EditNote>().RunAsync(_desk.Analyst, new(note, 2, "nobody called"), Cancel)).Succeeded);
        Assert.True((await _desk.Get<EditNote>().RunAsync(_desk.Analyst, new(note, 3, "(@omar.)"), Cancel)).Succeeded);
        Assert.Equal([("ticketing.notice.mentioned", 1)], await ToldAsync());
    }

    [Fact]
    public async Task Pages_of_notices_follow_each_other_by_key()
    {
        for (var i = 0; i < 7; i++)
            await GivenAsync($"incident {i}");
        List<string> seen = [];
        string? after = null;
        do
        {
            var page = await _desk.Get<INotices>().ListAsync(_omar, true, after, 3, Cancel);
            seen.AddRange(page.Items.Select(n => n.Link));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(7, seen.Distinct().Count());
        Assert.Equal(7, seen.Count);
    }

    [Fact]
    public async Task Act_that_is_refused_tells_nobody()
    {
        var incident = await GivenAsync("first");
        await _desk.Get<INotices>().ReadAsync(_omar, null, Cancel);
        Assert.False((await _desk.Get<ChangeState>().RunAsync(_desk.Analyst, new(incident.Id, "closed", "new", null, null), Cancel)).Succeeded);
        Assert.Empty(await ToldAsync());
    }

    private async Task<IncidentRef> GivenAsync(string title)
    {
        var incident = await _desk.OpenAsync(title);
        await OwnAsync(incident.Id);
        return incident;
    }

    private async Task OwnAsync(IncidentId incident) =>
        Assert.True((await _desk.InScopeAsync<TakeOwnership, Outcome<Done>>(a => a.RunAsync(_desk.Analyst, new(incident, Owner: _omar.Id), Cancel))).Succeeded);

    private async Task NoteAsync(Viewer by, IncidentId incident, string text) =>
        Assert.True((await _desk.InScopeAsync<AddNote, Outcome<Done>>(a => a.RunAsync(by, new(incident, text), Cancel))).Succeeded);

    private Task<Page<Notice>> ListAsync(bool unread) => _desk.Get<INotices>().ListAsync(_omar, unread, null, 50, Cancel);

    private async Task<IReadOnlyList<(string, int)>> ToldAsync() => [.. (await ListAsync(unread: true)).Items.Select(n => (n.Key, n.Times))];
}
