using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;
using Appliance.Ticketing.Queue;
using Appliance.Ticketing.Reports;
using Appliance.Ticketing.Search;
using Appliance.Ticketing.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>What is written is found again, in six languages, by parts of names and in notes and mail too.</summary>
public sealed class WordsTests : IAsyncLifetime
{
    private TicketingDesk _desk = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _desk = await TicketingDesk.StartAsync();

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Theory]
    [InlineData("国家银行遭到勒索软件攻击", "勒索")]
    [InlineData("国家银行遭到勒索软件攻击", "银行遭到勒")]
    [InlineData("国家银行遭到勒索软件攻击", "击")]
    [InlineData("CVE-2026-1234影响路由器", "路由器")]
    [InlineData("CVE-2026-1234影响路由器", "cve-2026-1234")]
    [InlineData("برمجيات الفدية في المستشفى", "فدية")]
    [InlineData("برمجيات الفدية في المستشفى", "مستشفي")]
    [InlineData("هجوم على الوِزارة", "وزاره")]
    [InlineData("Атака на Министерство", "министерство")]
    [InlineData("Атака на Министерство", "минист")]
    [InlineData("Hameçonnage à l’Élysée", "élysée")]
    [InlineData("Correo de España", "ESPAÑA")]
    [InlineData("Traffic to www.evil-portal.example", "evil-portal.example")]
    [InlineData("Traffic to www.evil-portal.example", "evil")]
    [InlineData("Scan from 192.0.2.77", "192.0.2.77")]
    [InlineData("Scan from 192.0.2.77", "scan 192.0.2")]
    public async Task Title_is_found_by(string title, string words)
    {
        var opened = await _desk.OpenAsync(title);
        await _desk.OpenAsync("Something else entirely 另一件事 شيء آخر");
        Assert.Equal([opened.Number], await FindAsync(words));
    }

    [Theory]
    [InlineData("国家银行遭到勒索软件攻击", "银家")]
    [InlineData("Scan from 192.0.2.77", "2.192")]
    [InlineData("Traffic to www.evil-portal.example", "portal.evil")]
    [InlineData("Traffic to www.evil-portal.example", "vil")]
    [InlineData("Traffic", "!!! ' \\ :* & | <->")]
    [InlineData("Traffic", "'; drop table ticketing.incidents --")]
    public async Task Title_is_not_found_by(string title, string words)
    {
        await _desk.OpenAsync(title);
        Assert.Empty(await FindAsync(words));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4_100)]
    public async Task Word_that_thousands_of_messages_hold_is_found_in_the_order_of_the_list_once_each_and_only_where_it_may_be_seen(int inFront)
    {
        var other = _desk.Modules.Person("Omar", Role.Manager);
        var titled = await _desk.OpenAsync("A portal by its title");
        var written = await _desk.OpenAsync("told");
        var part = await _desk.OpenAsync("part");
        var root = await _desk.OpenAsync("root");
        var noted = await _desk.OpenAsync("noted");
        await _desk.OpenAsync("nothing of it");
        var traced = await _desk.OpenAsync("a trace of that name");
        var tasked = await _desk.OpenAsync("to be done");
        await _desk.Get<AddTask>().RunAsync(_desk.Analyst, new(tasked.Id, "Take the portal down"), Cancel);
        var red = await _desk.OpenAsync(new IncidentFields { Title = "red portal", Marking = new Marking(Tlp.Red, Named: [_desk.Analyst.Id]) });
        await _desk.Get<AddNote>().RunAsync(_desk.Analyst, new(part.Id, "the portal of the part"), Cancel);
        await _desk.Get<AddNote>().RunAsync(_desk.Analyst, new(noted.Id, "first"), Cancel);
        var note = (await _desk.ShowAsync(noted.Number)).Timeline.Single(t => t.Kind == "note");
        await _desk.Get<EditNote>().RunAsync(_desk.Analyst, new(note.Id, 1, "the portal came later"), Cancel);
        Assert.True((await _desk.Get<MergeIncidents>().RunAsync(_desk.Analyst, new(root.Number, [part.Id]), Cancel)).Succeeded);
        string[] wanted = [titled.Number, written.Number, root.Number, noted.Number, traced.Number, tasked.Number];
        Assert.Equal([titled.Number, root.Number, noted.Number, tasked.Number, red.Number], (await FindAsync("portal")).Order(StringComparer.Ordinal));

        await using var owner = Npgsql.NpgsqlDataSource.Create(_desk.Modules.Owner);
        await using var many = owner.CreateCommand(
            $"""
            insert into ticketing.timeline (id, incident_id, at, kind, internal, actor_id, actor_name, text)
            select gen_random_uuid(), '{written.Id.Value}', now(), 'mail-in', false, '{Guid.Empty}', 'x', 'the portal again' from generate_series(1, 3100);
            insert into ticketing.incidents (id, number, title, state, severity, rsit_type, rsit_version, source, opened_at, changed_at, changed_by, state_since, tlp, pap, exercise)
            select gen_random_uuid(), 'INC-X-' || n, 'more severe', 'triage', 1, 'fraud/phishing', 1003, 'api', now(), now(), 'x', now(), 1, 1, false from generate_series(1, {inFront}) n;
            insert into ticketing.observables (incident_id, type, value, source, added_at) values ('{traced.Id.Value}', 'other', 'portal', 'x', now())
            """);
        await many.ExecuteNonQueryAsync(Cancel);
        Assert.Equal([.. wanted, red.Number], (await FindAsync("portal")).Order(StringComparer.Ordinal));
        var paged = new List<string>();
        for (string? after = null; ;)
        {
            var page = (await _desk.Get<ListIncidents>().RunAsync(other, new(Words: "portal", After: after, Limit: 1), Cancel)).Value;
            paged.AddRange(page.Items.Select(i => i.Number));
            if ((after = page.Next) is null)
                break;
            // Behind that many others they were looked up after all, and counted.
            Assert.Equal(inFront > 0 && paged.Count == 1 ? (wanted.Length, false) : (page.Total, true), (page.Total, page.TotalIsCapped));
        }
        Assert.Equal(wanted, paged.Order(StringComparer.Ordinal));
        var hits = (await _desk.Get<IEnumerable<ISearchSource>>().Single(s => s is IncidentSearch).FindAsync(other, "portal", 20, Cancel)).Select(h => h.Path).ToList();
        // The search over everything names the part itself.
        Assert.Equal([.. new[] { titled, written, part, noted, traced, tasked }.Select(i => $"/tickets/{i.Number}")], hits.Where(h => h.StartsWith("/tickets/INC-", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Notes_their_later_versions_mail_and_reports_are_found_and_hidden_ones_are_not()
    {
        var other = _desk.Modules.Person("Omar", Role.Manager);
        var opened = await _desk.OpenAsync("plain");
        await _desk.Get<AddNote>().RunAsync(_desk.Analyst, new(opened.Id, "the router was 重新启动 by Mallory"), Cancel);
        var red = await _desk.OpenAsync(new IncidentFields { Title = "red", Marking = new Marking(Tlp.Red, Named: [_desk.Analyst.Id]) });
        await _desk.Get<AddNote>().RunAsync(_desk.Analyst, new(red.Id, "Mallory again"), Cancel);
        await _desk.ReceiveAsync("From: bob@partner.example\r\nSubject: report\r\nMessage-ID: <w1@partner.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nMallory wrote this\r\n");
        Assert.Equal(2, (await FindAsync("mallory")).Count);
        Assert.Equal([opened.Number], (await _desk.Get<ListIncidents>().RunAsync(other, new(Words: "mallory"), Cancel)).Value.Items.Select(i => i.Number));
        Assert.Equal([opened.Number], await FindAsync("重新启动"));
        Assert.Equal("report", Assert.Single((await _desk.Get<ListReports>().RunAsync(_desk.Analyst, new(Words: "mallory"), Cancel)).Value.Items).Subject);
        var note = (await _desk.ShowAsync(opened.Number)).Timeline.Single(t => t.Kind == "note");
        await _desk.Get<EditNote>().RunAsync(_desk.Analyst, new(note.Id, 1, "it was Trudy"), Cancel);
        Assert.Equal([opened.Number], await FindAsync("trudy"));
        var hits = new List<SearchHit>();
        foreach (var source in _desk.Modules.Services.GetServices<ISearchSource>())
            hits.AddRange(await source.FindAsync(_desk.Analyst, "mallory", 10, Cancel));
        Assert.Equal(3, hits.Count);
    }

    [Fact]
    public async Task Second_editor_of_a_note_is_told_and_every_version_stays()
    {
        var omar = _desk.Modules.Person("Omar", Role.Manager);
        var opened = await _desk.OpenAsync("notes");
        await _desk.Get<AddNote>().RunAsync(_desk.Analyst, new(opened.Id, "first"), Cancel);
        var note = (await _desk.ShowAsync(opened.Number)).Timeline.Single(t => t.Kind == "note");
        Assert.Equal(2, (await _desk.Get<EditNote>().RunAsync(omar, new(note.Id, 1, "Omar's"), Cancel)).Value);
        var refused = await _desk.Get<EditNote>().RunAsync(_desk.Analyst, new(note.Id, 1, "Ana's"), Cancel);
        Assert.Equal((true, "ticketing.refused.note-changed", "Omar"), (refused.Refusals[0].IsStale, refused.Refusals[0].Key, refused.Refusals[0].Arguments[0]));
        Assert.Equal(3, (await _desk.Get<EditNote>().RunAsync(_desk.Analyst, new(note.Id, 2, "both"), Cancel)).Value);
        var shown = (await _desk.ShowAsync(opened.Number)).Timeline.Single(t => t.Kind == "note");
        Assert.Equal(("both", 3, "Ana"), (shown.Text, shown.Version, shown.EditedBy));
        Assert.Equal(["first", "Omar's", "both"], await _desk.Modules.Database.QueryAsync<string>("select text from (select text, 1 as version from ticketing.timeline where kind = 'note' union all select text, version from ticketing.note_versions) n order by version", null, Cancel));
    }

    private async Task<IReadOnlyList<string>> FindAsync(string words) =>
        [.. (await _desk.Get<ListIncidents>().RunAsync(_desk.Analyst, new(Words: words), Cancel)).Value.Items.Select(i => i.Number)];
}
