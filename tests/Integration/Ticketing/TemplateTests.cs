using Appliance.Contracts;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Playbooks;
using Appliance.Ticketing.Tasks;
using Appliance.Ticketing.Templates;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>A template carries the way an incident was worked on, and nothing that belongs to its people.</summary>
public sealed class TemplateTests : IAsyncLifetime
{
    private TicketingDesk _desk = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _desk = await TicketingDesk.StartAsync();

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task Template_of_a_ticket_opens_another_with_its_words_tasks_and_notes()
    {
        var source = await SourceAsync();
        var offer = (await _desk.Get<OfferTemplate>().RunAsync(_desk.Analyst, source.Number, Cancel)).Value;
        Assert.Equal((6, 1, "fraud/phishing", 60), (offer.Tasks.Count, offer.Notes.Count, offer.RsitType, offer.Tasks[^1].DueMinutes));
        var saved = (await SaveAsync(source, offer with { Name = "Phishing", Title = "Phishing against {organisation} on {date}", Notes = ["Ask the bank first."] })).Value;

        var opened = (await OpenAsync(saved.Id)).Value;
        var sheet = await _desk.ShowAsync(opened.Number);
        Assert.Equal($"Phishing against – on {DateTimeOffset.UtcNow:yyyy-MM-dd}", sheet.Fields.Title);
        Assert.Equal(("fraud/phishing", 2, "Seen since noon."), (sheet.Fields.RsitType, sheet.Fields.Severity, sheet.Fields.Summary));
        Assert.Equal("Ask the bank first.", Assert.Single(sheet.Timeline, t => t.Kind == "note").Text);
        Assert.Empty(sheet.Traces);
        var tasks = (await _desk.Get<ListIncidentTasks>().RunAsync(_desk.Analyst, opened.Number, Cancel)).Value;
        Assert.Equal((6, "Keep the evidence", "open"), (tasks.Count, tasks[0].Title, tasks[0].State));
        Assert.All(tasks, t => Assert.Equal("", t.Note));
        var acts = await _desk.Modules.Database.QueryAsync<string>("select distinct action from audit.entries where action like 'ticketing.template.%'", null, Cancel);
        Assert.Subset(acts.ToHashSet(), new HashSet<string> { "ticketing.template.written", "ticketing.template.used" });
    }

    [Theory]
    [InlineData("from evil.example again", "evil.example")]
    [InlineData("call Bob Builder", "Bob Builder")]
    [InlineData("write to somebody@elsewhere.example now", "somebody@elsewhere.example")]
    public async Task Text_that_names_people_or_traces_of_the_source_is_refused_by_name(string text, string named)
    {
        var source = await SourceAsync();
        await ExecuteAsync($"insert into ticketing.parties (incident_id, address, name, role) values ('{source.Id.Value}', 'bob@partner.example', 'Bob Builder', 'reporter')");
        foreach (var fields in new[] { Fields() with { Summary = text }, Fields() with { Notes = [text] }, Fields() with { Title = text }, Fields() with { Tasks = [new(new Dictionary<string, StepText> { ["en"] = new("Do", text) })] } })
        {
            var refusal = Assert.Single((await SaveAsync(source, fields)).Refusals);
            Assert.Equal(("ticketing.refused.template-personal", named), (refusal.Key, refusal.Arguments[0]));
        }
        // Nor later, when it is edited.
        var saved = (await SaveAsync(source, Fields())).Value;
        Assert.Equal("ticketing.refused.template-personal", (await _desk.Get<WriteTemplate>().RunAsync(_desk.Analyst, new(Fields() with { Summary = text }, null, saved.Id, 1), Cancel)).Refusals[0].Key);
    }

    [Fact]
    public async Task Template_wears_the_label_of_its_source_and_none_is_made_of_red()
    {
        var strict = await _desk.OpenAsync(new IncidentFields { Title = "strict", Marking = new(Tlp.AmberStrict) });
        var red = await _desk.OpenAsync(new IncidentFields { Title = "red", Marking = new(Tlp.Red, Named: [_desk.Analyst.Id]) });
        Assert.Equal("ticketing.refused.template-red", (await SaveAsync(red, Fields())).Refusals[0].Key);
        var saved = (await SaveAsync(strict, Fields() with { CarriesMarking = false })).Value;
        var opened = (await OpenAsync(saved.Id)).Value;
        Assert.Equal(Tlp.AmberStrict, (await _desk.ShowAsync(opened.Number)).Fields.Marking.Tlp);
        var lower = OpenFromTemplate.Of((await _desk.Get<ShowTemplate>().RunAsync(_desk.Analyst, saved.Id, Cancel)).Value) with { Marking = new(Tlp.Green) };
        Assert.Equal("ticketing.refused.template-lower", (await _desk.Get<OpenFromTemplate>().RunAsync(_desk.Analyst, new(saved.Id, lower), Cancel)).Refusals[0].Key);

        var omar = _desk.Modules.Person("Omar", Role.Analyst) with { ReadsUpTo = Tlp.Amber };
        Assert.Empty((await _desk.Get<ListTemplates>().RunAsync(omar, false, Cancel)).Value);
        Assert.Equal(RefusalKind.NotFound, (await _desk.Get<OpenFromTemplate>().RunAsync(omar, new(saved.Id), Cancel)).Refusals[0].Kind);
        Assert.Equal(RefusalKind.NotFound, (await _desk.Get<WriteTemplate>().RunAsync(omar, new(Fields(), null, saved.Id, 1), Cancel)).Refusals[0].Kind);
    }

    [Fact]
    public async Task Second_editor_is_refused_and_what_is_retired_opens_nothing_until_it_is_back()
    {
        var saved = (await SaveAsync(await SourceAsync(), Fields())).Value;
        var write = _desk.Get<WriteTemplate>();
        Assert.Equal(2, (await write.RunAsync(_desk.Analyst, new(Fields() with { Name = "Other" }, null, saved.Id, 1), Cancel)).Value.Version);
        Assert.True((await write.RunAsync(_desk.Analyst, new(Fields() with { Name = "Lost" }, null, saved.Id, 1), Cancel)).Refusals[0].IsStale);
        var retire = _desk.Get<RetireTemplate>();
        Assert.True((await retire.RunAsync(_desk.Analyst, new(saved.Id), Cancel)).Succeeded);
        Assert.Equal(RefusalKind.Conflict, (await OpenAsync(saved.Id)).Refusals[0].Kind);
        Assert.Equal("Other", Assert.Single((await _desk.Get<ListTemplates>().RunAsync(_desk.Analyst, true, Cancel)).Value).Fields.Name);
        Assert.True((await retire.RunAsync(_desk.Analyst, new(saved.Id, false), Cancel)).Succeeded);
        Assert.True((await OpenAsync(saved.Id)).Succeeded);
        Assert.Equal(RefusalKind.Forbidden, (await write.RunAsync(_desk.Modules.Person("Op", Role.Operator), new(Fields(), null, saved.Id, 2), Cancel)).Refusals[0].Kind);
    }

    private static TemplateFields Fields() => new() { Name = "Plain", Title = "A plain one" };

    private async Task<IncidentRef> SourceAsync()
    {
        var source = await _desk.OpenAsync(new IncidentFields { Title = "Phishing", Summary = "Seen since noon.", RsitType = "fraud/phishing", Severity = 2 }, new Observable("domain", "evil.example"));
        Assert.True((await _desk.Get<StartPlaybook>().RunAsync(_desk.Analyst, new(source.Id, ShippedPlaybooks.All.Single(p => p.Fields.Names["en"] == "Phishing").Id), Cancel)).Succeeded);
        Assert.True((await _desk.Get<AddTask>().RunAsync(_desk.Analyst, new(source.Id, "Call them", "", "any", 60), Cancel)).Succeeded);
        Assert.True((await _desk.Get<AddNote>().RunAsync(_desk.Analyst, new(source.Id, "evil.example is back"), Cancel)).Succeeded);
        return source;
    }

    private Task<Outcome<TemplateRef>> SaveAsync(IncidentRef source, TemplateFields fields) => _desk.Get<WriteTemplate>().RunAsync(_desk.Analyst, new(fields, source.Id), Cancel);

    private Task<Outcome<IncidentRef>> OpenAsync(Guid template) => _desk.Get<OpenFromTemplate>().RunAsync(_desk.Analyst, new(template), Cancel);

    private async Task ExecuteAsync(string sql)
    {
        await using var database = NpgsqlDataSource.Create(_desk.Modules.Owner);
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
