using System.Collections.Concurrent;
using Appliance.Contracts;
using Appliance.Directories.Constituents;
using Appliance.Directories.Contacts;
using Appliance.Directories.Networks;
using Appliance.Kernel.Bulk;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Lookups;
using Appliance.Ticketing.Mailings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>A list becomes one mail for each contact, or a named exception for each line; nobody reads another's things, and nobody is written to twice.</summary>
public sealed class MailingTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<string> _asked = [];
    private readonly ConcurrentDictionary<string, (int Status, string Body)> _registry = [];
    private WebApplication _site = null!;
    private TicketingDesk _desk = null!;
    private Viewer _ana = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _site = builder.Build();
        _site.Run(http =>
        {
            var path = http.Request.Path.Value!.TrimStart('/');
            _asked.Enqueue(path);
            var (status, body) = _registry.GetValueOrDefault(path, (404, "{}"));
            http.Response.StatusCode = status;
            return http.Response.WriteAsync(body, Cancel);
        });
        await _site.StartAsync(Cancel);
        var at = _site.Urls.First() + "/";
        _registry["ipv4.json"] = (200, $$"""{"services":[[["0.0.0.0/0"],["{{at}}numbers/"]]]}""");
        _registry["ipv6.json"] = (200, $$"""{"services":[[["::/0"],["{{at}}numbers/"]]]}""");
        _registry["dns.json"] = (200, $$"""{"services":[[["net"],["{{at}}names/"]]]}""");
        _registry["asn.json"] = (200, $$"""{"services":[[["1-65000"],["{{at}}numbers/"]]]}""");
        _desk = await TicketingDesk.StartAsync(new Dictionary<string, string?>
        {
            ["ticketing:recallSeconds"] = "0",
            ["ticketing:lookups:rdapBootstrap"] = at,
            ["kernel:http:allow:0"] = new Uri(at).Authority,
        });
        _ana = await _desk.ColleagueAsync("ana");
    }

    public async ValueTask DisposeAsync()
    {
        await _desk.DisposeAsync();
        await _site.DisposeAsync();
    }

    [Fact]
    public async Task Forty_addresses_become_one_mail_for_each_contact_and_two_named_exceptions()
    {
        for (var i = 1; i <= 30; i++)
            await ConstituentAsync($"Organisation {i:00}", $"192.0.2.{i}/32", $"soc@org{i:00}.example", i == 7 ? "ar" : "en");
        for (var i = 1; i <= 8; i++)
            Registered($"45.84.{i}.9", $"abuse@hosting{i}.example");
        var incident = await OpenAsync(Tlp.Green);
        var list = string.Join('\n', Enumerable.Range(1, 30).Select(i => $"192[.]0[.]2[.]{i}").Concat(Enumerable.Range(1, 8).Select(i => $"45.84.{i}.9,infected,{i}")).Append("45.84.99.9").Append("203.0.113.5"));
        var mailing = await PrepareAsync(incident, list);
        var waits = await ShowAsync(mailing);
        Assert.Equal((40, 30, 10, 9), (waits.Counts.Things, waits.Counts.Placed, waits.Counts.Exceptions, waits.Counts.Waiting));
        await AnswersAsync();
        var sheet = await ShowAsync(mailing);
        Assert.Equal((40, 38, 2, 0, 38), (sheet.Counts.Things, sheet.Counts.Placed, sheet.Counts.Exceptions, sheet.Counts.Waiting, sheet.Counts.Ready));
        Assert.Equal([("45.84.99.9", "unknown"), ("203.0.113.5", "private")], (await ExceptionsAsync(mailing)).Select(e => (e.Value, e.Reason)));

        var run = await SendAsync(mailing);
        Assert.Equal((BulkStage.Done, 38, 38, 0), (run.Stage, run.Total, run.Done, run.Left));
        await _desk.SendAllAsync();
        Assert.Equal(38, await CountAsync("select count(*)::int from kernel.mail_out"));
        Assert.Equal(38, await CountAsync("select count(distinct address)::int from kernel.mail_recipients where state = 'sent'"));
        var letters = await LettersAsync(mailing);
        Assert.All(letters, static l => Assert.Equal(("queued", "sent"), (l.State, l.Delivery)));
        Assert.Equal(38, (await _desk.ShowAsync(incident.Number)).Timeline.Count(t => t.Kind == "mail-out"));
        // Pressed twice: there is nobody left.
        Assert.Equal("ticketing.refused.mailing-nobody", (await _desk.InScopeAsync<SendMailing, Outcome<BulkState>>(a => a.RunAsync(_ana, mailing, Cancel))).Refusals[0].Key);
    }

    [Fact]
    public async Task Most_specific_network_wins_and_an_organisation_with_several_gets_one_mail_in_its_language()
    {
        var ministry = await ConstituentAsync("Ministry", "192.0.2.0/24", "soc@ministry.example", "fr");
        foreach (var network in new[] { "2001:db8:1::/48", "ministry.example", "AS64500" })
            Assert.True((await _desk.Get<AddNetwork>().RunAsync(_desk.Analyst, new(ministry, network), Cancel)).Succeeded);
        await ConstituentAsync("Hospital", "192.0.2.128/25", "it@hospital.example", "ar");
        Assert.True((await _desk.Get<AddContact>().RunAsync(_desk.Analyst, new(ministry, new("Boss", "boss@ministry.example", "management", "en")), Cancel)).Succeeded);
        var silent = (await _desk.Get<AddConstituent>().RunAsync(_desk.Analyst, new() { Name = "Silent" }, Cancel)).Value;
        Assert.True((await _desk.Get<AddNetwork>().RunAsync(_desk.Analyst, new(silent, "198.51.100.0/24"), Cancel)).Succeeded);
        await ConstituentAsync("Ourselves", "203.0.113.0/24", "cirt@cirt.example");
        var incident = await OpenAsync(Tlp.AmberStrict);
        var mailing = await PrepareAsync(incident, "192.0.2.5\n192.0.2.200\n192.0.2.0/25\n192.0.2.0/24\n[2001:db8:1::7]:443\n::ffff:192.0.2.9\nhxxps://www.ministry[.]example/login\nclerk@ministry.example\nAS64500\n198.51.100.7\n203.0.113.9\n192.0.2.5\nfe80::1");
        var letters = await LettersAsync(mailing);
        Assert.Equal([("Hospital", "it@hospital.example", "ar", 1), ("Ministry", "soc@ministry.example", "fr", 7)], letters.Select(l => (l.Organisation, l.Address, l.Language, l.Items)));
        Assert.Equal([("192.0.2.0/24", "spans"), ("198.51.100.7", "no-contact"), ("203.0.113.9", "ourselves"), ("192.0.2.5", "duplicate"), ("fe80::1", "private")], (await ExceptionsAsync(mailing)).Select(e => (e.Value, e.Reason)));
        Assert.Empty(_asked);
        await SendAsync(mailing);
        await _desk.SendAllAsync();
        var mails = _desk.Program.Messages.Select(static m => MimeText(m.Message)).ToList();
        Assert.Equal(2, mails.Count);
        var french = mails.Single(static m => m.Contains("Ministry", StringComparison.Ordinal));
        Assert.Contains("Chers collègues de Ministry", french, StringComparison.Ordinal);
        Assert.Contains("hxxps://www[.]ministry[.]example/login", french, StringComparison.Ordinal);
        Assert.DoesNotContain("[.]200", french.Split("TLP")[^1], StringComparison.Ordinal);
        var arabic = mails.Single(static m => m.Contains("Hospital", StringComparison.Ordinal));
        Assert.Contains("\u2066192[.]0[.]2[.]200\u2069", arabic, StringComparison.Ordinal);
        Assert.Contains("\u2068Hospital\u2069", arabic, StringComparison.Ordinal);
        Assert.All(_desk.Program.Messages, static m => Assert.Contains("[TLP:AMBER+STRICT]", m.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Marking_holds_letters_back_until_somebody_who_may_gives_a_reason_and_is_read_again_before_each_leaves()
    {
        await ConstituentAsync("Ministry", "192.0.2.0/24", "soc@ministry.example");
        Registered("45.84.1.9", "abuse@hosting1.example");
        var incident = await OpenAsync(Tlp.Amber);
        var mailing = await PrepareAsync(incident, "192.0.2.5\n45.84.1.9");
        await AnswersAsync();
        var sheet = await ShowAsync(mailing);
        Assert.Equal((1, 1, 1), (sheet.Counts.Ready, sheet.Counts.Blocked, sheet.Counts.Exceptions));
        Assert.Equal(("marking", "abuse@hosting1.example"), (await ExceptionsAsync(mailing)).Select(e => (e.Reason, e.Detail)).Single());
        var edit = new MailingEdit(mailing, sheet.Version, Override: "asked by the director");
        Assert.Equal(RefusalKind.Forbidden, (await EditAsync(_ana, edit)).Refusals[0].Kind);
        var lee = _desk.Modules.Person("Lee", Role.Manager);
        Assert.Equal("ticketing.refused.reason", (await EditAsync(lee, edit with { Override = "x" })).Refusals[0].Key);
        Assert.True((await EditAsync(lee, edit)).Succeeded);
        Assert.True((await EditAsync(lee, edit)).Refusals[0].IsStale);
        Assert.Equal(2, (await ShowAsync(mailing)).Counts.Ready);

        // She may not override: what somebody else allowed stays behind where she sends it.
        var run = await SendAsync(mailing);
        Assert.Equal((1, 1), (run.Done, run.Left));
        Assert.Equal("ticketing.refused.tlp-amber", (await LettersAsync(mailing)).Single(static l => l.State == "refused").Refusal);

        var red = await PrepareAsync(await _desk.OpenAsync(new IncidentFields { Title = "red", Marking = new(Tlp.Red, Pap.Red, Named: [_ana.Id, _desk.Analyst.Id]) }), "192.0.2.5\n45.84.1.9");
        Assert.Equal((0, 1), ((await ShowAsync(red)).Counts.Ready, (await ShowAsync(red)).Counts.Blocked));
        Assert.Equal(["marking", "lookup-pap"], (await ExceptionsAsync(red)).Select(static e => e.Reason));
        Assert.Equal("ticketing.refused.mailing-nobody", (await _desk.InScopeAsync<SendMailing, Outcome<BulkState>>(a => a.RunAsync(_ana, red, Cancel))).Refusals[0].Key);
        var omar = await _desk.ColleagueAsync("omar");
        Assert.Equal(RefusalKind.NotFound, (await _desk.Get<ShowMailing>().RunAsync(omar, red, Cancel)).Refusals[0].Kind);
        Assert.Equal(RefusalKind.NotFound, (await _desk.Get<ListExceptions>().RunAsync(omar, new(red), Cancel)).Refusals[0].Kind);
        Assert.Equal(RefusalKind.NotFound, (await _desk.Get<ListLetters>().RunAsync(omar, new(red), Cancel)).Refusals[0].Kind);
        Assert.Equal(RefusalKind.NotFound, (await _desk.Get<PreviewLetter>().RunAsync(omar, (await LettersAsync(red)).Single().Id, Cancel)).Refusals[0].Kind);
        Assert.Equal(RefusalKind.NotFound, (await _desk.InScopeAsync<AddressItems, Outcome<int>>(a => a.RunAsync(omar, new(red, [2], "a@b.example"), Cancel))).Refusals[0].Kind);

        // A stricter label between the review and the sending.
        var late = await OpenAsync(Tlp.Green);
        var second = await PrepareAsync(late, "45.84.1.9");
        Assert.Equal(1, (await ShowAsync(second)).Counts.Ready);
        Assert.True((await _desk.Get<EditIncident>().RunAsync(_desk.Analyst, new(late.Id, 1, new IncidentFields { Title = "stricter", Marking = new(Tlp.AmberStrict) }), Cancel)).Succeeded);
        Assert.Equal((0, 1), ((await SendAsync(second)).Done, (await LettersAsync(second)).Count(static l => l.State == "refused")));
    }

    [Fact]
    public async Task Hostile_lines_stay_text_in_mail_and_file_and_nobody_reads_what_another_is_told()
    {
        await ConstituentAsync("{items}", "192.0.2.1/32", "one@one.example");
        await ConstituentAsync("Two", "192.0.2.2/32", "two@two.example", "ar");
        var incident = await OpenAsync(Tlp.Green);
        var mailing = await PrepareAsync(incident, "192.0.2.1,=cmd|' /C calc'!A0,<script>alert(1)</script>\u202e\n192.0.2.2,{organisation}\u0007\u202eBcc: x@evil.example\n192.0.2.1 and 192.0.2.2 talk to each other");
        Assert.True((await EditAsync(_ana, new(mailing, 1, WithFile: true))).Succeeded);
        await SendAsync(mailing);
        await _desk.SendAllAsync();
        var one = _desk.Program.Messages.Single(static m => m.Message.Contains("one@one.example", StringComparison.Ordinal)).Message;
        var two = _desk.Program.Messages.Single(static m => m.Message.Contains("two@two.example", StringComparison.Ordinal)).Message;
        var (first, second) = (MimeText(one), MimeText(two));
        Assert.Contains("Dear colleagues of {items},", first, StringComparison.Ordinal);
        Assert.Contains("=cmd|' /C calc'!A0 | <script>alert(1)</script>", first, StringComparison.Ordinal);
        Assert.DoesNotContain("\u202e", first, StringComparison.Ordinal);
        Assert.DoesNotContain("192[.]0[.]2[.]2", first, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.2", Attached(one), StringComparison.Ordinal);
        Assert.DoesNotContain("192[.]0[.]2[.]1\u2069", second, StringComparison.Ordinal);
        Assert.Contains("{organisation} Bcc: x@evil.example", second, StringComparison.Ordinal);
        Assert.DoesNotContain("\nBcc:", two, StringComparison.Ordinal);
        // What begins like a formula is none any more; nothing is defanged for machines.
        Assert.Contains("ipv4,192.0.2.1,'=cmd|' /C calc'!A0 | <script>alert(1)</script>", Attached(one), StringComparison.Ordinal);
        Assert.Contains("and talk to each other", first, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_are_checked_and_exceptions_get_an_address_by_hand_or_are_left_out()
    {
        await ConstituentAsync("Ministry", "192.0.2.0/24", "soc@ministry.example");
        var incident = await OpenAsync(Tlp.Green);
        var mailing = await PrepareAsync(incident, "192.0.2.5\n10.0.0.1\n10.0.0.2\nno address here");
        Assert.Equal("ticketing.refused.mailing-items", (await EditAsync(_ana, new(mailing, 1, Words: new Dictionary<string, LetterWords?> { ["en"] = new("a", "b") }))).Refusals[0].Key);
        Assert.Equal("ticketing.refused.mailing-field", (await EditAsync(_ana, new(mailing, 1, Words: new Dictionary<string, LetterWords?> { ["en"] = new("a", "{items} {password}") }))).Refusals[0].Key);
        Assert.True((await EditAsync(_ana, new(mailing, 1, Words: new Dictionary<string, LetterWords?> { ["en"] = new("{count} of {organisation}", "See {items} for {reference}") }))).Succeeded);
        Assert.Equal("kernel.mail.refused.address", (await AddressAsync([2], "nobody")).Refusals[0].Key);
        Assert.Equal("ticketing.refused.mailing-own", (await AddressAsync([2], "cirt@cirt.example")).Refusals[0].Key);
        Assert.Equal(2, (await AddressAsync([2, 3, 4], "admin@inside.example")).Value);
        Assert.Equal(["no-thing"], (await ExceptionsAsync(mailing)).Select(static e => e.Reason));
        var letters = await LettersAsync(mailing);
        Assert.Equal(["inside.example", "Ministry"], letters.Select(static l => l.Organisation));
        var preview = (await _desk.Get<PreviewLetter>().RunAsync(_ana, letters[0].Id, Cancel)).Value;
        Assert.Equal($"[TLP:GREEN] [{incident.Number}] 2 of inside.example", preview.SubjectLine);
        Assert.EndsWith($"See   10[.]0[.]0[.]1\n  10[.]0[.]0[.]2 for {incident.Number}", preview.Text, StringComparison.Ordinal);
        Assert.True((await _desk.Get<LeaveOut>().RunAsync(_ana, new(mailing, letters[1].Id), Cancel)).Succeeded);
        Assert.Equal(["left-out", "no-thing"], (await ExceptionsAsync(mailing)).Select(static e => e.Reason));
        Assert.Equal((1, 1), ((await SendAsync(mailing)).Done, await CountAsync("select count(*)::int from kernel.mail_out")));
        Assert.Equal("ticketing.refused.mailing-sent", (await EditAsync(_ana, new(mailing, 3, Kind: "leaked"))).Refusals[0].Key);
        // Taken in later, it leaves by itself; the others are not written to again.
        Assert.True((await _desk.Get<LeaveOut>().RunAsync(_ana, new(mailing, letters[1].Id, false), Cancel)).Succeeded);
        Assert.Equal((1, 2), ((await SendAsync(mailing)).Done, await CountAsync("select count(*)::int from kernel.mail_out")));

        Task<Outcome<int>> AddressAsync(int[] items, string address) => _desk.InScopeAsync<AddressItems, Outcome<int>>(a => a.RunAsync(_ana, new(mailing, items, address), Cancel));
    }

    [Fact]
    public async Task Answers_join_the_incident_and_are_seen_those_who_are_silent_are_reminded_in_their_thread()
    {
        await ConstituentAsync("Ministry", "192.0.2.0/25", "soc@ministry.example");
        await ConstituentAsync("Hospital", "192.0.2.128/25", "it@hospital.example");
        var incident = await OpenAsync(Tlp.Green);
        var mailing = await PrepareAsync(incident, "192.0.2.5\n192.0.2.200");
        await SendAsync(mailing);
        await _desk.SendAllAsync();
        var letter = await _desk.Modules.Database.FindAsync<string>("select message_id from ticketing.letters where address = 'soc@ministry.example'", null, Cancel);
        await _desk.ReceiveAsync($"From: colleague@ministry.example\r\nTo: cirt@cirt.example\r\nSubject: Re: x\r\nMessage-ID: <s@evil.example>\r\nIn-Reply-To: <{letter}>\r\nDate: Mon, 01 Jun 2026 10:00:00 +0000\r\n\r\nfrom a stranger\r\n");
        Assert.Equal(0, (await ShowAsync(mailing)).Counts.Answered);
        await _desk.ReceiveAsync($"From: soc@ministry.example\r\nTo: cirt@cirt.example\r\nSubject: Re: x\r\nMessage-ID: <a@ministry.example>\r\nIn-Reply-To: <{letter}>\r\nDate: Mon, 01 Jun 2026 10:00:00 +0000\r\n\r\ncleaned\r\n");
        Assert.Contains((await _desk.ShowAsync(incident.Number)).Timeline, static t => t.Kind == "mail-in" && t.Text.Contains("cleaned", StringComparison.Ordinal));
        Assert.Equal(["Ministry"], (await LettersAsync(mailing)).Where(static l => l.AnsweredAt is not null).Select(static l => l.Organisation));

        var reminder = await _desk.InScopeAsync<RemindMailing, Outcome<MailingRef>>(a => a.RunAsync(_ana, mailing, Cancel));
        Assert.Equal(["Hospital"], (await LettersAsync(reminder.Value.Id)).Select(static l => l.Organisation));
        await SendAsync(reminder.Value.Id);
        await _desk.SendAllAsync();
        var first = await _desk.Modules.Database.FindAsync<string>("select message_id from ticketing.letters where address = 'it@hospital.example' and reply_to is null", null, Cancel);
        Assert.Contains($"In-Reply-To: <{first}>", _desk.Program.Messages.Select(static m => m.Message).Single(static m => m.Contains("Reminder", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_thousand_addresses_of_five_hundred_contacts_are_sent_in_parts_listed_by_key_and_taken_back_as_a_whole()
    {
        await using (var owner = Npgsql.NpgsqlDataSource.Create(_desk.Modules.Owner))
        await using (var fill = owner.CreateCommand(
            """
            insert into directory.constituents (id, name, sector, country, default_tlp, languages, notes, exercise, created_at, changed_at)
            select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Organisation ' || lpad(n::text, 3, '0'), '', '', 2, '{}', '', false, now(), now() from generate_series(1, 500) n;
            insert into directory.networks (id, constituent_id, kind, prefix, written, added_at)
            select gen_random_uuid(), ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'prefix', ('45.' || n / 250 || '.' || n % 250 || '.0/24')::cidr, '45.' || n / 250 || '.' || n % 250 || '.0/24', now() from generate_series(1, 500) n;
            insert into directory.contacts (id, constituent_id, name, mail, language, purpose, position, added_at)
            select gen_random_uuid(), ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Desk', 'soc@org' || n || '.example', 'en', 'security', 0, now() from generate_series(1, 500) n;
            """))
            await fill.ExecuteNonQueryAsync(Cancel);
        await _desk.Get<Appliance.Directories.Lookup.Constituency>().ReloadAsync(Cancel);
        var incident = await OpenAsync(Tlp.Green);
        var mailing = await PrepareAsync(incident, string.Join('\n', Enumerable.Range(0, 2000).Select(static i => $"45.{((i % 500) + 1) / 250}.{((i % 500) + 1) % 250}.{(i / 500) + 1},seen")));
        Assert.Equal((2000, 2000, 500), ((await ShowAsync(mailing)).Counts.Things, (await ShowAsync(mailing)).Counts.Placed, (await ShowAsync(mailing)).Counts.Letters));
        var letters = await LettersAsync(mailing, 30);
        Assert.Equal((500, 500), (letters.Count, letters.Select(static l => l.Id).Distinct().Count()));
        Assert.Equal(letters.Select(static l => l.Organisation).Order(StringComparer.Ordinal), letters.Select(static l => l.Organisation));
        var begun = (await _desk.InScopeAsync<SendMailing, Outcome<BulkState>>(a => a.RunAsync(_ana, mailing, Cancel))).Value;
        await BulkAsync();
        Assert.Equal((500, 0), ((await _desk.Get<IBulkActs>().FindAsync(_ana, begun.Id, Cancel)).Value.Done, await CountAsync("select count(*)::int from ticketing.letters where state <> 'queued'")));
        Assert.Equal(500, await CountAsync("select count(distinct address)::int from kernel.mail_recipients where state = 'queued'"));
        Assert.True((await _desk.Get<IBulkActs>().UndoAsync(_ana, begun.Id, Cancel)).Succeeded);
        await BulkAsync();
        Assert.Equal((500, 500), (await CountAsync("select count(*)::int from kernel.mail_recipients where state = 'held'"), await CountAsync("select count(*)::int from ticketing.letters where state = 'recalled'")));
        Assert.Equal(2000, (await ExceptionsAsync(mailing)).Count(static e => e.Reason == "recalled"));
    }

    [Fact]
    public async Task List_is_bounded_and_an_empty_one_is_refused()
    {
        var incident = await OpenAsync(Tlp.Green);
        Assert.Equal("ticketing.refused.mailing-empty", await RefusedAsync(" \n"));
        Assert.Equal("ticketing.refused.mailing-long", await RefusedAsync(string.Concat(Enumerable.Repeat("x\n", PastedList.MostLines + 1))));
        Assert.Equal("ticketing.refused.mailing-long", await RefusedAsync(new string('x', PastedList.MostBytes + 1)));
        Assert.Equal("ticketing.refused.mailing-kind", (await _desk.InScopeAsync<PrepareMailing, Outcome<MailingRef>>(a => a.RunAsync(_ana, new(incident.Id, "192.0.2.1", "reminder"), Cancel))).Refusals[0].Key);
        // An incident without traces has nothing to take.
        Assert.Equal("ticketing.refused.mailing-empty", await RefusedAsync(null));

        async Task<string> RefusedAsync(string? list) => (await _desk.InScopeAsync<PrepareMailing, Outcome<MailingRef>>(a => a.RunAsync(_ana, new(incident.Id, list), Cancel))).Refusals[0].Key;
    }

    [Fact]
    public async Task Neighbours_share_one_question_where_the_answer_covers_them_and_a_registry_without_a_contact_is_an_exception()
    {
        Registered("45.84.1.1", "abuse@hosting1.example", "45.84.1.0-45.84.1.127");
        Registered("45.84.1.200", null, "45.84.1.128-45.84.1.255");
        var mailing = await PrepareAsync(await OpenAsync(Tlp.Green), "45.84.1.1\n45.84.1.2\n45.84.1.3\n45.84.1.200");
        await AnswersAsync();
        Assert.Equal([("abuse@hosting1.example", 3)], (await LettersAsync(mailing)).Select(static l => (l.Address, l.Items)));
        Assert.Equal([("45.84.1.200", "no-abuse")], (await ExceptionsAsync(mailing)).Select(static e => (e.Value, e.Reason)));
        Assert.Equal(["numbers/ip/45.84.1.1", "numbers/ip/45.84.1.200"], _asked.Where(static a => a.StartsWith("numbers", StringComparison.Ordinal)));
        // Known by now: nothing is asked, and nothing is waited for.
        Assert.False((await ShowAsync(await PrepareAsync(await OpenAsync(Tlp.Green), "45.84.1.1\n45.84.1.9"))).Waits);
        Assert.Equal(2, _asked.Count(static a => a.StartsWith("numbers", StringComparison.Ordinal)));
    }

    /// <summary>The text of a message, decoded.</summary>
    private static string MimeText(string raw)
    {
        var lines = raw.ReplaceLineEndings("\n");
        var at = lines.IndexOf("Content-Type: text/plain", StringComparison.Ordinal);
        var body = lines[(lines.IndexOf("\n\n", at, StringComparison.Ordinal) + 2)..];
        if (lines.IndexOf("\n--", at, StringComparison.Ordinal) is > 0 and var end)
            body = lines[(lines.IndexOf("\n\n", at, StringComparison.Ordinal) + 2)..end];
        if (!lines[at..].StartsWith("Content-Type: text/plain; charset=utf-8", StringComparison.Ordinal))
            return body;
        var bytes = new List<byte>();
        body = body.Replace("=\n", "", StringComparison.Ordinal);
        for (var i = 0; i < body.Length; i++)
        {
            if (body[i] != '=')
                bytes.Add((byte)body[i]);
            else
                bytes.Add(Convert.ToByte(body.Substring((i += 2) - 1, 2), 16));
        }
        return System.Text.Encoding.UTF8.GetString([.. bytes]);
    }

    private static string Attached(string raw)
    {
        var lines = raw.ReplaceLineEndings("\n");
        var at = lines.IndexOf("base64\n", lines.IndexOf("Content-Disposition", StringComparison.Ordinal) - 200, StringComparison.Ordinal);
        var from = lines.IndexOf("\n\n", at, StringComparison.Ordinal) + 2;
        return System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(lines[from..lines.IndexOf("\n--", from, StringComparison.Ordinal)]));
    }

    private Task<Outcome<int>> EditAsync(Viewer viewer, MailingEdit edit) => _desk.InScopeAsync<EditMailing, Outcome<int>>(a => a.RunAsync(viewer, edit, Cancel));

    private async Task<ConstituentId> ConstituentAsync(string name, string network, string mail, string language = "en")
    {
        var id = (await _desk.Get<AddConstituent>().RunAsync(_desk.Analyst, new() { Name = name }, Cancel)).Value;
        Assert.True((await _desk.Get<AddNetwork>().RunAsync(_desk.Analyst, new(id, network), Cancel)).Succeeded);
        Assert.True((await _desk.Get<AddContact>().RunAsync(_desk.Analyst, new(id, new("Desk", mail, "security", language)), Cancel)).Succeeded);
        return id;
    }

    private void Registered(string address, string? abuse, string? range = null) => _registry[$"numbers/ip/{address}"] = (200, $$"""
        {"objectClassName":"ip network","handle":"X","name":"SAMPLE","startAddress":"{{(range ?? address + "-" + address).Split('-')[0]}}","endAddress":"{{(range ?? address + "-" + address).Split('-')[1]}}",
         "entities":[{"roles":["abuse"],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Abuse"]{{(abuse is null ? "" : $",[\"email\",{{}},\"text\",\"{abuse}\"]")}}]]}]}
        """);

    private async Task<IncidentRef> OpenAsync(Tlp tlp, Pap pap = Pap.Amber) => await _desk.OpenAsync(new IncidentFields { Title = "Botnet", RsitType = "malicious-code/infected-system", Marking = new(tlp, pap) });

    private async Task<Guid> PrepareAsync(IncidentRef incident, string? list, string? kind = null)
    {
        var outcome = await _desk.InScopeAsync<PrepareMailing, Outcome<MailingRef>>(a => a.RunAsync(_ana, new(incident.Id, list, kind), Cancel));
        Assert.True(outcome.Succeeded, outcome.Succeeded ? "" : outcome.Refusals[0].Key);
        return outcome.Value.Id;
    }

    private async Task AnswersAsync()
    {
        var worker = ActivatorUtilities.CreateInstance<LookupWorker>(_desk.Modules.Services, NullLogger<LookupWorker>.Instance);
        while (await worker.StepAsync(Cancel) | await worker.FillAsync(Cancel))
        {
        }
    }

    private Task<MailingSheet> ShowAsync(Guid mailing) => _desk.InScopeAsync<ShowMailing, MailingSheet>(async q => (await q.RunAsync(_ana, mailing, Cancel)).Value);

    private async Task<List<LetterLine>> LettersAsync(Guid mailing, int size = 200)
    {
        var all = new List<LetterLine>();
        string? after = null;
        do
        {
            var page = (await _desk.Get<ListLetters>().RunAsync(_ana, new(mailing, after, size), Cancel)).Value;
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        return all;
    }

    private async Task<List<ExceptionLine>> ExceptionsAsync(Guid mailing, int size = 200)
    {
        var all = new List<ExceptionLine>();
        string? after = null;
        do
        {
            var page = (await _desk.Get<ListExceptions>().RunAsync(_ana, new(mailing, after, size), Cancel)).Value;
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        return all;
    }

    private async Task<BulkState> SendAsync(Guid mailing)
    {
        var begun = await _desk.InScopeAsync<SendMailing, Outcome<BulkState>>(a => a.RunAsync(_ana, mailing, Cancel));
        Assert.True(begun.Succeeded, begun.Succeeded ? "" : begun.Refusals[0].Key);
        await BulkAsync();
        return (await _desk.Get<IBulkActs>().FindAsync(_ana, begun.Value.Id, Cancel)).Value;
    }

    private async Task BulkAsync()
    {
        while (await _desk.Get<BulkStep>().RunAsync(Cancel) is not null)
        {
        }
    }

    private Task<int> CountAsync(string sql) => _desk.Modules.Database.FindAsync<int>(sql, null, Cancel);
}
