using Appliance.Contracts;
using Appliance.Directories;
using Appliance.Directories.Constituents;
using Appliance.Directories.Contacts;
using Appliance.Directories.Networks;
using Appliance.Integration.Mail;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Tests;
using Appliance.Ticketing;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Notices;
using Appliance.Ticketing.Queue;
using Appliance.Ticketing.Reports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Appliance.Integration.Ticketing;

public sealed class TicketingTests : IAsyncLifetime
{
    private readonly string _maildir = System.IO.Directory.CreateTempSubdirectory("cirt-maildir-").FullName;
    private readonly MailCatch _program = new();

    private TestModules _modules = null!;
    private Viewer _analyst = null!;
    private ConstituentId _health;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var options = new MailOptions { From = "cirt@cirt.example", Sendmail = _program.Sendmail, Maildir = _maildir, Parser = Checkout.Cirt, ParserProcesses = 1 };
        _modules = await TestModules.StartAsync(
            [new DirectoryModule(), new TicketingModule()],
            services => services.AddSingleton<IOptionsMonitor<MailOptions>>(new OutgoingMailTests.Fixed(options)).AddSingleton<IText>(new Words()).AddSingleton(new DataFolder(_maildir)),
            new Dictionary<string, string?> { ["ticketing:recallSeconds"] = "0" });
        System.IO.Directory.CreateDirectory(Path.Combine(_maildir, "new"));
        _analyst = _modules.Person("Ana", Role.Analyst);
        _health = (await Get<AddConstituent>().RunAsync(_analyst, new() { Name = "Ministry of Health" }, Cancel)).Value;
        await Get<AddNetwork>().RunAsync(_analyst, new(_health, "192.0.2.0/24"), Cancel);
        await Get<AddNetwork>().RunAsync(_analyst, new(_health, "health.example"), Cancel);
        await Get<AddContact>().RunAsync(_analyst, new(_health, new("Desk", "cert@health.example", "security", "fr")), Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _modules.DisposeAsync();
        _program.Dispose();
        System.IO.Directory.Delete(_maildir, recursive: true);
    }

    [Fact]
    public async Task Escalated_alerts_open_one_incident_that_names_the_organisation()
    {
        var fact = Escalated();
        await PublishAsync(fact);
        await PublishAsync(fact with { EventId = EventId.New() });

        var line = Assert.Single((await Get<ListIncidents>().RunAsync(_analyst, new(), Cancel)).Value.Items);
        Assert.Equal(("ET MALWARE beacon", "new", 2, "malicious-code/infected-system"), (line.Title, line.State, line.Severity, line.RsitType));
        Assert.Equal(["Ministry of Health"], line.Constituents);
        var sheet = await ShowAsync(line.Number);
        Assert.Equal(["opened", "alert"], sheet.Timeline.Select(t => t.Kind));
        Assert.Contains(sheet.Traces, t => t is { Type: "ipv4", Value: "192.0.2.77" });
        var opened = Assert.Single(await FactsAsync<string>("ticketing.incident-opened", "fromAlerts"));
        Assert.Equal(fact.Group.Value.ToString(), opened);
    }

    [Fact]
    public async Task Numbers_have_no_gap_where_an_opening_was_refused_or_rolled_back()
    {
        Assert.True((await OpenAsync("One")).Succeeded);
        Assert.Equal(["ticketing.refused.title", "ticketing.refused.rsit"], (await Get<OpenIncident>().RunAsync(_analyst, new(new() { Title = " ", RsitType = "x" }), Cancel)).Refusals.Select(r => r.Key));
        await using (var work = await _modules.Database.BeginAsync(_analyst, Cancel))
            await Get<IncidentOpening>().OpenAsync(work, new(new() { Title = "lost" }, "form", []), Cancel);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(async () =>
        {
            await using var scope = _modules.Services.GetRequiredService<IServiceScopeFactory>().CreateAsyncScope();
            Assert.True((await scope.ServiceProvider.GetRequiredService<OpenIncident>().RunAsync(_analyst, new(new() { Title = $"p{i}" }), Cancel)).Succeeded);
        })));
        var numbers = await _modules.Database.QueryAsync<string>("select number from ticketing.incidents order by number", null, Cancel);
        Assert.Equal(Enumerable.Range(1, 7).Select(i => $"INC-{DateTime.UtcNow.Year}-{i:00000}"), numbers);
    }

    [Fact]
    public async Task Notice_in_the_contacts_language_leaves_with_its_label_and_the_answer_joins_the_incident()
    {
        await PublishAsync(Escalated());
        var number = (await Get<ListIncidents>().RunAsync(_analyst, new(), Cancel)).Value.Items[0].Number;
        var draft = (await Get<PrepareNotice>().RunAsync(_analyst, new(number), Cancel)).Value;
        Assert.Equal(("fr", "cert@health.example", true), (draft.Language, draft.Recipients[0].Address, draft.Recipients[0].Chosen));
        Assert.StartsWith($"[TLP:AMBER] [{number}] ", draft.SubjectLine, StringComparison.Ordinal);
        var sheet = await ShowAsync(number);
        var sent = (await Get<NotifyConstituent>().RunAsync(_analyst, new(sheet.Id, [new("cert@health.example", "Desk")], draft.Subject, draft.Text, "fr"), Cancel)).Value;
        await _modules.DeliverAsync();
        await ActivatorUtilities.CreateInstance<MailSender>(_modules.Services, NullLogger<MailSender>.Instance).SendOneAsync(Cancel);
        await _modules.DeliverAsync();

        var message = Assert.Single(_program.Messages).Message;
        Assert.Contains("Subject: [TLP:AMBER]", message, StringComparison.Ordinal);
        Assert.StartsWith("TLP:AMBER", message.ReplaceLineEndings("\n").Split("\n\n", 2)[1], StringComparison.Ordinal);
        var entry = (await ShowAsync(number)).Timeline.Single(t => t.Kind == "mail-out");
        Assert.Equal(new DeliveryLine("cert@health.example", "sent", entry.Deliveries[0].At), entry.Deliveries[0]);

        await ReceiveAsync("1", $"From: CERT <CERT@health.example>\r\nSubject: Re: it\r\nMessage-ID: <a1@health.example>\r\nIn-Reply-To: <{sent.MessageId}>\r\n\r\nWe cleaned 192.0.2.77\r\n");
        await ReceiveAsync("2", $"From: stranger@elsewhere.example\r\nSubject: Re: it\r\nMessage-ID: <a2@elsewhere.example>\r\nReferences: <{sent.MessageId}>\r\n\r\nlet me in\r\n");
        var timeline = (await ShowAsync(number)).Timeline;
        Assert.Equal("We cleaned 192.0.2.77", Assert.Single(timeline, t => t.Kind == "mail-in").Text.Trim());
        var report = Assert.Single((await Get<ListReports>().RunAsync(_analyst, new(), Cancel)).Value.Items);
        Assert.Equal("stranger@elsewhere.example", report.Sender);
        Assert.Equal(number, (await Get<ShowReport>().RunAsync(_analyst, report.Id, Cancel)).Value.Suggested);
    }

    [Theory]
    [InlineData(Tlp.Amber, "anyone@elsewhere.example", "ticketing.refused.tlp-amber")]
    [InlineData(Tlp.AmberStrict, "anyone@elsewhere.example", "ticketing.refused.tlp-strict")]
    [InlineData(Tlp.Red, "cert@health.example", "ticketing.refused.tlp-red")]
    [InlineData(Tlp.Green, "anyone@elsewhere.example", null)]
    [InlineData(Tlp.AmberStrict, "cert@health.example", null)]
    public async Task Marking_decides_whom_a_message_may_reach(Tlp tlp, string address, string? refusal)
    {
        var fields = new IncidentFields { Title = "t", Constituents = [_health], Marking = new Marking(tlp, Named: [_analyst.Id]) };
        var opened = (await Get<OpenIncident>().RunAsync(_analyst, new(fields), Cancel)).Value;
        var outcome = await Get<NotifyConstituent>().RunAsync(_analyst, new(opened.Id, [new(address)], "s", "t"), Cancel);
        Assert.Equal(refusal, outcome.Refusals.FirstOrDefault()?.Key);
        Assert.Equal(refusal is null ? 1 : 0, await _modules.Database.FindAsync<int>("select count(*)::int from kernel.mail_out", null, Cancel));
    }

    [Fact]
    public async Task Mail_becomes_a_report_and_the_report_an_incident_with_traces_and_reporter()
    {
        await ReceiveAsync("1", "From: Bob <bob@partner.example>\r\nSubject: bad host\r\nMessage-ID: <r1@partner.example>\r\n\r\n192.0.2.9 attacks us, see hxxps://evil[.]example/a\r\n");
        var line = Assert.Single((await Get<ListReports>().RunAsync(_analyst, new(), Cancel)).Value.Items);
        Assert.Equal(["Ministry of Health"], line.Constituents);
        var report = (await Get<ShowReport>().RunAsync(_analyst, line.Id, Cancel)).Value;
        Assert.Contains(report.Traces, t => t is { Type: "url", Value: "https://evil.example/a" });
        var opened = (await Get<PromoteReport>().RunAsync(_analyst, new(line.Id, new() { Title = report.Subject, Constituents = report.Constituents }), Cancel)).Value;
        Assert.Equal("ticketing.refused.decided", (await Get<PromoteReport>().RunAsync(_analyst, new(line.Id, new() { Title = "again" }), Cancel)).Refusals[0].Key);
        var sheet = await ShowAsync(opened.Number);
        Assert.Equal("bob@partner.example", Assert.Single(sheet.Reports).Sender);
        Assert.Contains(sheet.Traces, t => t.Value == "192.0.2.9");
        // The reporter takes part now: an answer to the report joins by itself.
        await ReceiveAsync("2", "From: bob@partner.example\r\nSubject: Re: bad host\r\nMessage-ID: <r2@partner.example>\r\nReferences: <r1@partner.example>\r\n\r\nmore\r\n");
        Assert.Contains((await ShowAsync(opened.Number)).Timeline, t => t.Kind == "mail-in");
    }

    [Fact]
    public async Task Number_in_a_subject_joins_for_those_who_take_part_and_is_only_suggested_for_others()
    {
        await ReceiveAsync("1", "From: Bob <bob@partner.example>\r\nSubject: AW: Fwd: bad host\r\nMessage-ID: <n1@partner.example>\r\n\r\n192.0.2.9 attacks us\r\n");
        var line = Assert.Single((await Get<ListReports>().RunAsync(_analyst, new(), Cancel)).Value.Items);
        var opened = (await Get<PromoteReport>().RunAsync(_analyst, new(line.Id, new() { Title = "bad host" }), Cancel)).Value;
        await ReceiveAsync("2", $"From: bob@partner.example\r\nSubject: [{opened.Number}] more\r\nMessage-ID: <n2@partner.example>\r\n\r\nnew mail, no thread\r\n");
        await ReceiveAsync("3", $"From: eve@elsewhere.example\r\nSubject: {opened.Number} let me in\r\nMessage-ID: <n3@elsewhere.example>\r\n\r\nx\r\n");
        Assert.Equal("new mail, no thread", Assert.Single((await ShowAsync(opened.Number)).Timeline, t => t.Kind == "mail-in").Text.Trim());
        var held = Assert.Single((await Get<ListReports>().RunAsync(_analyst, new(), Cancel)).Value.Items);
        Assert.Equal(opened.Number, (await Get<ShowReport>().RunAsync(_analyst, held.Id, Cancel)).Value.Suggested);
    }

    [Fact]
    public async Task Abuse_report_of_a_machine_becomes_a_report_with_its_fields_and_faults()
    {
        const string Json = """{"Version":"3","ReporterInfo":{"ReporterOrg":"Org","ReporterOrgDomain":"org.example","ReporterOrgEmail":"a@org.example"},"Disclosure":true,"Report":{"ReportClass":"Activity","ReportType":"PortScan","Date":"yesterday","SourceIp":"192.0.2.33"}}""";
        await ReceiveAsync("1", $"From: a@org.example\r\nSubject: abuse\r\nMessage-ID: <x1@org.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee attached\r\n--b\r\nContent-Type: application/json; name=xarf.json\r\n\r\n{Json}\r\n--b--\r\n");
        var line = Assert.Single((await Get<ListReports>().RunAsync(_analyst, new(), Cancel)).Value.Items);
        var report = (await Get<ShowReport>().RunAsync(_analyst, line.Id, Cancel)).Value;
        Assert.Equal(("xarf", "PortScan", false), (report.Abuse!.Format, report.Abuse.Type, report.Abuse.Valid));
        Assert.Contains(report.Abuse.Faults, f => f.Contains("Date", StringComparison.Ordinal));
        Assert.Contains(report.Traces, t => t.Value == "192.0.2.33");
        Assert.Equal(["Ministry of Health"], report.ConstituentNames);
    }

    [Theory]
    [InlineData("Subject: <script>alert(1)</script>\"'><img src=x onerror=alert(1)>\r\nContent-Type: text/plain\r\n\r\nx", "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>")]
    [InlineData("Subject: link\r\nContent-Type: text/html\r\n\r\n<p>see <a href=\"java&#115;cript:alert(1)\">this</a><script>alert(2)</script></p>", "link")]
    public async Task Markup_in_mail_is_kept_as_text_alone(string message, string subject)
    {
        await ReceiveAsync("1", $"From: eve@elsewhere.example\r\nMessage-ID: <m1@elsewhere.example>\r\n{message}\r\n");
        var report = (await Get<ShowReport>().RunAsync(_analyst, Assert.Single((await Get<ListReports>().RunAsync(_analyst, new(), Cancel)).Value.Items).Id, Cancel)).Value;
        Assert.Equal(subject, report.Subject);
        Assert.DoesNotContain("<p>", report.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("alert(2)", report.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(report.Traces, t => t.Value.Contains("javascript", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Bounce_opens_no_report()
    {
        await ReceiveAsync("1", "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered Mail Returned to Sender\r\nReturn-Path: <>\r\nMessage-ID: <b1@mx.example>\r\n\r\nno\r\n");
        Assert.Empty((await Get<ListReports>().RunAsync(_analyst, new(), Cancel)).Value.Items);
    }

    [Fact]
    public async Task Second_editor_is_told_and_nothing_is_overwritten()
    {
        var opened = (await OpenAsync("First title")).Value;
        var other = _modules.Person("Omar", Role.Manager);
        Assert.True((await Get<EditIncident>().RunAsync(other, new(opened.Id, 1, new() { Title = "Omar's title" }), Cancel)).Succeeded);
        var refused = await Get<EditIncident>().RunAsync(_analyst, new(opened.Id, 1, new() { Title = "Ana's title" }), Cancel);
        Assert.Equal((RefusalKind.Conflict, "Omar"), (refused.Refusals[0].Kind, refused.Refusals[0].Arguments[0]));
        Assert.Equal("Omar's title", (await ShowAsync(opened.Number)).Fields.Title);
    }

    [Fact]
    public async Task Incident_walks_its_states_to_the_end_and_says_so()
    {
        var opened = (await OpenAsync("Walk")).Value;
        Assert.True((await Get<TakeOwnership>().RunAsync(_analyst, new(opened.Id), Cancel)).Succeeded);
        Assert.Equal("ticketing.refused.state-moved", (await MoveAsync(opened.Id, "new", "in-progress")).Refusals[0].Key);
        Assert.Equal("ticketing.refused.no-step", (await MoveAsync(opened.Id, "triage", "new")).Refusals[0].Key);
        Assert.Equal("ticketing.refused.reason", (await MoveAsync(opened.Id, "triage", "waiting")).Refusals[0].Key);
        Assert.True((await MoveAsync(opened.Id, "triage", "in-progress")).Succeeded);
        Assert.Equal("ticketing.refused.outcome", (await MoveAsync(opened.Id, "in-progress", "resolved")).Refusals[0].Key);
        Assert.True((await MoveAsync(opened.Id, "in-progress", "resolved", outcome: "resolved")).Succeeded);
        Assert.True((await MoveAsync(opened.Id, "resolved", "closed")).Succeeded);
        Assert.Equal(["resolved"], await FactsAsync<string>("ticketing.incident-closed", "outcome"));
        Assert.Empty((await Get<ListIncidents>().RunAsync(_analyst, new(), Cancel)).Value.Items);
        Assert.Single((await Get<ListIncidents>().RunAsync(_analyst, new("closed"), Cancel)).Value.Items);
        Assert.True((await MoveAsync(opened.Id, "closed", "in-progress", "came back")).Succeeded);
    }

    [Fact]
    public async Task Program_elsewhere_is_told_of_an_amber_incident_and_never_of_a_red_one()
    {
        await _modules.Database.ExecuteAsync("insert into kernel.webhooks (id, name, url, events, secret, created_at, created_by) values (gen_random_uuid(), 'mirror', 'https://mirror.example/', array['ticketing.incident-opened', 'ticketing.incident-changed', 'ticketing.incident-closed'], 'x', now(), gen_random_uuid())", null, Cancel);
        var open = (await Get<OpenIncident>().RunAsync(_analyst, new(new() { Title = "told", Marking = new Marking(Tlp.AmberStrict) }, []), Cancel)).Value;
        var red = (await Get<OpenIncident>().RunAsync(_analyst, new(new() { Title = "untold", Marking = new Marking(Tlp.Red, Named: [_analyst.Id]) }, []), Cancel)).Value;
        Assert.True((await MoveAsync(red.Id, "new", "in-progress", null)).Succeeded);

        var told = await _modules.Database.QueryAsync<string>("select body from kernel.webhook_deliveries", null, Cancel);
        Assert.NotEmpty(told);
        Assert.All(told, body => Assert.Contains(open.Id.ToString(), body, StringComparison.Ordinal));
        Assert.DoesNotContain(told, body => body.Contains(red.Id.ToString(), StringComparison.Ordinal) || body.Contains(red.Number, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Red_incident_exists_for_the_named_alone()
    {
        var other = _modules.Person("Omar", Role.Manager);
        var opened = (await Get<OpenIncident>().RunAsync(_analyst, new(new() { Title = "canary-7b", Marking = new Marking(Tlp.Red, Named: [_analyst.Id]) }, [new("domain", "canary-7b.example")]), Cancel)).Value;
        Assert.Equal(1, (await Get<CountViews>().RunAsync(_analyst, default, Cancel)).Value.Open);
        Assert.Equal(0, (await Get<CountViews>().RunAsync(other, default, Cancel)).Value.Open);
        Assert.Empty((await Get<ListIncidents>().RunAsync(other, new(Words: "canary-7b"), Cancel)).Value.Items);
        Assert.Equal(RefusalKind.NotFound, (await Get<ShowIncident>().RunAsync(other, opened.Number, Cancel)).Refusals[0].Kind);
        Assert.Equal(RefusalKind.NotFound, (await Get<AddNote>().RunAsync(other, new(opened.Id, "x"), Cancel)).Refusals[0].Kind);
        foreach (var source in _modules.Services.GetServices<Appliance.Kernel.Modules.ISearchSource>())
            Assert.Empty(await source.FindAsync(other, "canary-7b", 10, Cancel));
        Assert.Contains((await Get<ListIncidents>().RunAsync(_analyst, new(Words: "canary-7b.example"), Cancel)).Value.Items, i => i.Id == opened.Id);
    }

    [Fact]
    public async Task Confirmed_incident_tells_its_traces_and_the_peers_answer_comes_back()
    {
        var opened = (await Get<OpenIncident>().RunAsync(_analyst, new(new() { Title = "c" }, [new("domain", "evil.example")]), Cancel)).Value;
        Assert.True((await Get<ConfirmIncident>().RunAsync(_analyst, opened.Id, Cancel)).Succeeded);
        Assert.Equal("ticketing.refused.confirmed", (await Get<ConfirmIncident>().RunAsync(_analyst, opened.Id, Cancel)).Refusals[0].Key);
        Assert.Contains("evil.example", Assert.Single(await FactsAsync<string>("ticketing.incident-confirmed", "observables")), StringComparison.Ordinal);
        await PublishAsync(new ShareAcknowledged { Peer = PeerId.New(), PeerName = "Hub", Subject = $"incident/{opened.Id}", AcknowledgedAt = DateTimeOffset.UtcNow, Marking = Marking.Default });
        Assert.Equal("Hub", (await ShowAsync(opened.Number)).Timeline.Single(t => t.Kind == "acknowledged").Detail.GetProperty("peer").GetString());
    }

    [Fact]
    public async Task Queue_is_paged_by_key_and_new_rows_move_nothing()
    {
        for (var i = 0; i < 7; i++)
            await OpenAsync($"q{i}");
        var first = (await Get<ListIncidents>().RunAsync(_analyst, new(Limit: 3), Cancel)).Value;
        await OpenAsync("late");
        var second = (await Get<ListIncidents>().RunAsync(_analyst, new(Limit: 3, After: first.Next), Cancel)).Value;
        Assert.Equal(["q6", "q5", "q4"], first.Items.Select(i => i.Title));
        Assert.Equal(["q3", "q2", "q1"], second.Items.Select(i => i.Title));
        Assert.Equal(7, first.Total);
    }

    private AlertEscalated Escalated() => new()
    {
        Group = AlertGroupId.New(),
        SignatureId = 2_000_001,
        Signature = "ET MALWARE beacon",
        Category = "A Network Trojan was detected",
        Severity = 2,
        Source = "192.0.2.77",
        Destination = "203.0.113.5",
        FirstSeen = DateTimeOffset.UtcNow.AddMinutes(-5),
        LastSeen = DateTimeOffset.UtcNow,
        Count = 12,
        Constituent = _health,
        ConstituentName = "Ministry of Health",
        Observables = [new("domain", "c2.evil.example")],
        By = _analyst.Id,
        Marking = Marking.Default,
    };

    private async Task PublishAsync(EventRecord fact)
    {
        await using (var work = await _modules.Database.BeginAsync(Viewer.System("test"), Cancel))
        {
            work.Publish(fact);
            await work.CommitAsync(Cancel);
        }
        await _modules.DeliverAsync();
        Assert.Empty(await _modules.Database.QueryAsync<string>("select reason from kernel.outbox_deliveries where reason is not null", null, Cancel));
    }

    private async Task ReceiveAsync(string name, string raw)
    {
        await File.WriteAllTextAsync(Path.Combine(_maildir, "new", name), raw, Cancel);
        await ActivatorUtilities.CreateInstance<MaildirReceiver>(_modules.Services, NullLogger<MaildirReceiver>.Instance).TakeAllAsync(_maildir, Cancel);
        while (await Get<MailReading>().ReadOneAsync(Cancel))
        {
        }
        await _modules.DeliverAsync();
        Assert.Empty(await _modules.Database.QueryAsync<string>("select reason from kernel.outbox_deliveries where reason is not null", null, Cancel));
    }

    private Task<Outcome<IncidentRef>> OpenAsync(string title) => Get<OpenIncident>().RunAsync(_analyst, new(new() { Title = title }), Cancel);

    private Task<Outcome<Done>> MoveAsync(IncidentId id, string from, string to, string? reason = null, string? outcome = null) =>
        Get<ChangeState>().RunAsync(_analyst, new(id, from, to, reason, outcome), Cancel);

    private async Task<IncidentSheet> ShowAsync(string number) => (await Get<ShowIncident>().RunAsync(_analyst, number, Cancel)).Value;

    private Task<IReadOnlyList<T>> FactsAsync<T>(string name, string field) =>
        _modules.Database.QueryAsync<T>("select body ->> @Field from kernel.outbox_events where name = @Name order by occurred_at", new { Name = name, Field = field }, Cancel);

    private T Get<T>()
        where T : notnull => _modules.Services.GetRequiredService<T>();

    /// <summary>The module's own texts, read from its assembly.</summary>
    private sealed class Words : IText
    {
        public string this[string key, params object?[] arguments] => In(System.Globalization.CultureInfo.GetCultureInfo("en"), key, arguments);

        public string In(System.Globalization.CultureInfo language, string key, params object?[] arguments)
        {
            using var file = typeof(TicketingModule).Assembly.GetManifestResourceStream($"Appliance.Ticketing.Text.{language.TwoLetterISOLanguageName}.json")!;
            var texts = System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, string>>(file)!;
            return string.Format(language, texts[key], arguments);
        }

        public bool Has(string key) => true;
    }
}
