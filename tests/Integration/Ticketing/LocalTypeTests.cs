using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Playbooks;
using Appliance.Ticketing.Queue;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>Types of the team's own below the taxonomy's: added, named, retired; carried by incidents and playbooks; what leaves the team carries the taxonomy's type.</summary>
public sealed class LocalTypeTests : IAsyncLifetime
{
    private const string Parcel = "fraud/phishing/parcel-notice";

    private TicketingDesk _desk = null!;
    private Viewer _lee = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _desk = await TicketingDesk.StartAsync();
        _lee = _desk.Modules.Person("Lee", Role.Manager);
    }

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task Local_type_is_added_named_carried_and_retired_and_nothing_loses_it()
    {
        var added = (await WriteAsync(new(Names("Parcel notice", "Avis de colis"), Parcel))).Value;
        var incident = await OpenAsync(Parcel);
        Assert.Equal(Parcel, (await _desk.ShowAsync(incident.Number)).Fields.RsitType);

        // Named anew by who saw the newest version; the code stays.
        Assert.Equal(2, (await WriteAsync(new(Names("Parcel message", "Avis de colis"), "", added.Id, 1))).Value.Version);
        Assert.Equal("ticketing.refused.type-changed", (await WriteAsync(new(Names("x", "x"), "", added.Id, 1))).Refusals[0].Key);
        Assert.Equal("ticketing.refused.type-exists", (await WriteAsync(new(Names("x", "x"), Parcel))).Refusals[0].Key);
        var words = _desk.Get<IText>();
        Assert.Equal("Phishing › Parcel message", _desk.Get<LocalTypes>().Name(words, Parcel, CultureInfo.GetCultureInfo("en")));
        Assert.EndsWith("› Avis de colis", _desk.Get<LocalTypes>().Name(words, Parcel, CultureInfo.GetCultureInfo("fr")), StringComparison.Ordinal);
        // No name in that language: the English one.
        Assert.EndsWith("› Parcel message", _desk.Get<LocalTypes>().Name(words, Parcel, CultureInfo.GetCultureInfo("zh")), StringComparison.Ordinal);

        Assert.True((await RetireAsync(added.Id, true)).Succeeded);
        Assert.Equal("ticketing.refused.same", (await RetireAsync(added.Id, true)).Refusals[0].Key);
        Assert.Empty(_desk.Get<LocalTypes>().Below("fraud/phishing"));
        Assert.Equal("ticketing.refused.rsit", (await _desk.Get<OpenIncident>().RunAsync(_desk.Analyst, new(new() { Title = "x", RsitType = Parcel }), Cancel)).Refusals[0].Key);
        // The incident keeps it through an edit of something else, and shows its name.
        var sheet = await _desk.ShowAsync(incident.Number);
        Assert.True((await _desk.Get<EditIncident>().RunAsync(_desk.Analyst, new(sheet.Id, sheet.Version, sheet.Fields with { Title = "Another title" }), Cancel)).Succeeded);
        Assert.Equal(Parcel, (await _desk.ShowAsync(incident.Number)).Fields.RsitType);
        Assert.True((await RetireAsync(added.Id, false)).Succeeded);
        Assert.Equal(Parcel, Assert.Single(_desk.Get<LocalTypes>().Below("fraud/phishing")).Code);
        Assert.Equal(["ticketing.type.restored", "ticketing.type.retired", "ticketing.type.written", "ticketing.type.written"], await _desk.Modules.Database.QueryAsync<string>("select action from audit.entries where action like 'ticketing.type.%' order by action", null, Cancel));
    }

    [Theory]
    [InlineData("fraud/phishing")]
    [InlineData("fraud/parcel")]
    [InlineData("fraud/nothing/parcel")]
    [InlineData("fraud/phishing/par cel")]
    [InlineData("fraud/phishing/-x")]
    [InlineData("fraud/phishing/a/b")]
    [InlineData("fraud/phishing/<b>")]
    [InlineData("")]
    public async Task Code_that_stands_below_no_type_is_refused(string code) =>
        Assert.Equal("ticketing.refused.type-code", (await WriteAsync(new(Names("x", "x"), code))).Refusals[0].Key);

    [Fact]
    public async Task Names_are_bounded_and_only_who_manages_types_writes_them()
    {
        foreach (var names in new[] { [], new Dictionary<string, string> { ["xx"] = "no language" }, new Dictionary<string, string> { ["en"] = new('x', 121) }, new Dictionary<string, string> { ["en"] = "two\nlines" } })
            Assert.Equal("ticketing.refused.type-names", (await WriteAsync(new(names, Parcel))).Refusals[0].Key);
        Assert.False((await _desk.Get<WriteLocalType>().RunAsync(_desk.Analyst, new(Names("x", "x"), Parcel), Cancel)).Succeeded);
        Assert.Equal("ticketing.refused.rsit", (await _desk.Get<OpenIncident>().RunAsync(_desk.Analyst, new(new() { Title = "x", RsitType = Parcel }), Cancel)).Refusals[0].Key);
    }

    [Fact]
    public async Task What_leaves_the_team_and_what_a_period_counts_carry_the_taxonomys_type()
    {
        await WriteAsync(new(Names("Parcel notice", "Avis"), Parcel));
        var local = await OpenAsync(Parcel);
        await OpenAsync("fraud/phishing");
        Assert.True((await _desk.Get<ConfirmIncident>().RunAsync(_desk.Analyst, local.Id, Cancel)).Succeeded);
        Assert.Equal("fraud/phishing", await _desk.Modules.Database.FindAsync<string>("select body ->> 'rsitType' from kernel.outbox_events where name = 'ticketing.incident-confirmed'", null, Cancel));

        // Several are given it in one act; what does not exist is refused as a whole.
        var third = await OpenAsync("other/other");
        Assert.Equal("ticketing.refused.rsit", (await _desk.Get<ChangeIncidents>().RunAsync(_desk.Analyst, new([third.Id], new() { RsitType = "fraud/phishing/none" }), Cancel)).Refusals[0].Key);
        Assert.True((await _desk.Get<ChangeIncidents>().RunAsync(_desk.Analyst, new([third.Id], new() { RsitType = Parcel }), Cancel)).Succeeded);
        Assert.Equal(Parcel, (await _desk.ShowAsync(third.Number)).Fields.RsitType);
    }

    [Fact]
    public async Task Playbook_of_the_local_type_is_nearest_and_those_of_its_type_and_class_fit_too()
    {
        await WriteAsync(new(Names("Parcel notice", "Avis"), Parcel));
        foreach (var type in new[] { "fraud", "fraud/phishing", Parcel })
            Assert.True((await _desk.Get<WritePlaybook>().RunAsync(_lee, new(new() { Names = new Dictionary<string, string> { ["en"] = type }, Types = [type], Steps = [new(new Dictionary<string, StepText> { ["en"] = new("Call") })] }), Cancel)).Succeeded);
        Assert.Equal("ticketing.refused.rsit", (await _desk.Get<WritePlaybook>().RunAsync(_lee, new(new() { Names = new Dictionary<string, string> { ["en"] = "x" }, Types = ["fraud/phishing/none"], Steps = [new(new Dictionary<string, StepText> { ["en"] = new("Call") })] }), Cancel)).Refusals[0].Key);
        var incident = await OpenAsync(Parcel);
        var offers = (await _desk.Get<SuggestPlaybooks>().RunAsync(_desk.Analyst, incident.Number, Cancel)).Value.Where(o => o.Name.StartsWith("fraud", StringComparison.Ordinal)).Select(o => (o.Name, o.Why!.Type));
        Assert.Equal([(Parcel, Parcel), ("fraud/phishing", "fraud/phishing"), ("fraud", "fraud")], offers);
    }

    private static Dictionary<string, string> Names(string english, string french) => new() { ["en"] = english, ["fr"] = french };

    private Task<IncidentRef> OpenAsync(string type) => _desk.OpenAsync(new IncidentFields { Title = $"An incident of {type}", RsitType = type });

    private Task<Outcome<LocalTypeRef>> WriteAsync(LocalTypeDraft draft) => _desk.Get<WriteLocalType>().RunAsync(_lee, draft, Cancel);

    private Task<Outcome<Done>> RetireAsync(Guid type, bool retired) => _desk.Get<RetireLocalType>().RunAsync(_lee, new(type, retired), Cancel);
}
