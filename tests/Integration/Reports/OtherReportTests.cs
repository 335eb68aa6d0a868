using System.Globalization;
using System.Text;
using Appliance.Consoles.Reports;
using Appliance.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Integration.Reports;

/// <summary>What the watch, Share and the appliance itself count; and what holds for a report as a whole.</summary>
public sealed class OtherReportTests : IAsyncLifetime
{
    private ReportWorld _world = null!;
    private Viewer _other = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await ReportWorld.StartAsync(services => services.AddScoped<IReportParts, Stuck>());
        _other = _world.Modules.Person("Ben", Role.Analyst);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Watch_counts_items_revisions_and_messages()
    {
        var ana = _world.Analyst.Id.Value;
        await _world.WriteAsync(
            $"""
            insert into watch.items (id, title, summary, origin, source, received_at, state, matches, tlp, pap, exercise, named) values
                (gen_random_uuid(), 'a', '', 'feed', 'Vendor', '2026-11-17 08:00Z', 'kept', 2, 0, 0, false, default),
                (gen_random_uuid(), 'b', '', 'peer', '<b>Hub</b>', '2026-11-17 08:00Z', 'new', 0, 4, 2, false, '{"{"}{ana}{"}"}'),
                (gen_random_uuid(), 'c', '', 'feed', 'Vendor', '2026-11-10 08:00Z', 'ignored', 0, 0, 0, false, default);
            insert into watch.advisories (id, number, state, revision, title, severity, summary, body, language, author_id, author, created_at, changed_at, tlp, pap, exercise)
                values ('{Guid.Empty}', 'ADV-1', 'published', 2, '=HYPERLINK("x")', 2, '', '', 'en', gen_random_uuid(), 'Ana', '2026-11-16Z', '2026-11-17Z', 1, 1, false);
            insert into watch.advisory_revisions (advisory_id, revision, title, severity, summary, body, cves, observables, links, language, author, approved_by, published_at, tlp, pap, exercise, named) values
                ('{Guid.Empty}', 1, '=HYPERLINK("x")', 2, '', '', default, '[]', default, 'en', 'Ana', 'Sam', '2026-11-16 09:00Z', 1, 1, false, default),
                ('{Guid.Empty}', 2, '=HYPERLINK("x")', 1, '', '', default, '[]', default, 'en', 'Ana', 'Sam', '2026-11-17 09:00Z', 1, 1, false, default);
            insert into watch.deliveries (advisory_id, revision, mail_id, address, name, list, state, queued_at, changed_at) values
                ('{Guid.Empty}', 1, gen_random_uuid(), 'a@x.example', '', 'subscribers', 'sent', '2026-11-16 09:00Z', '2026-11-16 09:01Z'),
                ('{Guid.Empty}', 1, gen_random_uuid(), 'b@x.example', '', 'subscribers', 'failed', '2026-11-16 09:00Z', '2026-11-16 09:01Z')
            """.Replace("default, '[]', default", "'{}', '[]', '{}'", StringComparison.Ordinal).Replace("false, default)", "false, '{}')", StringComparison.Ordinal));

        var desk = await _world.PartAsync(_world.Analyst, new("week"), "watch.report.desk");
        var seen = await _world.PartAsync(_other, new("week"), "watch.report.desk");
        var advisories = await _world.PartAsync(_other, new("week"), "watch.report.advisories");

        Assert.Equal(((2, 1), (1, 1)), (desk.Of("watch.report.items"), seen.Of("watch.report.items")));
        Assert.Equal((1, 0), seen.Of("watch.report.matched"));
        Assert.Equal(["<b>Hub</b> | 1 | 0", "Vendor | 1 | 1"], desk.Rows("watch.report.sources").Order(StringComparer.Ordinal));
        Assert.Equal(["Vendor | 1 | 1"], seen.Rows("watch.report.sources"));
        Assert.Equal(((1, 0), (1, 0), (1, 0), (1, 0)), (advisories.Of("watch.report.published"), advisories.Of("watch.report.updated"), advisories.Of("watch.report.sent"), advisories.Of("watch.report.failed")));
        Assert.StartsWith("=HYPERLINK(\"x\") | ADV-1 | watch.severity.1 | ", advisories.Rows("watch.report.advisories.table")[0], StringComparison.Ordinal);
        Assert.Equal(Tlp.Green, advisories.Highest.Tlp);
    }

    [Fact]
    public async Task Share_counts_what_the_gate_let_out_and_what_peers_sent()
    {
        const string Share = "insert into uplink.shares (id, subject, kind, number, title, revision, source_event, source, rule, main_id, created, modified, draft, arrived_at, state, approved_at, closed_at, tlp, pap, exercise) values (gen_random_uuid(), 'incident/x', 'incident', 'INC-0', 'x', 1, gen_random_uuid(), '{}', 'x', 'report--1', now(), now(), '',";
        await _world.WriteAsync(
            $$"""
            {{Share}} '2026-11-16 09:00Z', 'approved', '2026-11-17 09:00Z', null, 2, 2, false);
            {{Share}} '2026-11-16 09:00Z', 'pending', null, null, 4, 2, false);
            {{Share}} '2026-11-10 09:00Z', 'returned', null, '2026-11-17 09:00Z', 2, 2, false);
            insert into uplink.peers (id, name, role, ceiling, added_at) values ('{{Guid.Empty}}', '=Peer', 'hub', 2, now());
            insert into uplink.received (id, peer_id, route, stix_id, type, version, title, state, sha256, raw, received_at, tlp, pap, exercise) values
                (gen_random_uuid(), '{{Guid.Empty}}', 'posted', 'report--1', 'report', now(), 'x', 'accepted', 'a', 'a', '2026-11-17 09:00Z', 2, 2, false),
                (gen_random_uuid(), '{{Guid.Empty}}', 'posted', 'report--2', 'report', now(), 'x', 'invalid', 'b', 'b', '2026-11-17 09:00Z', 2, 2, false),
                (gen_random_uuid(), '{{Guid.Empty}}', 'posted', 'report--3', 'report', now(), 'x', 'part', 'c', 'c', '2026-11-17 09:00Z', 2, 2, false)
            """);

        var shares = await _world.PartAsync(_world.Analyst, new("week"), "uplink.report.shares");
        var received = await _world.PartAsync(_world.Analyst, new("week"), "uplink.report.received");

        Assert.Equal(((1, 1), (1, 0), (1, 0), (0, null)), (shares.Of("uplink.report.arrived"), shares.Of("uplink.report.approved"), shares.Of("uplink.report.returned"), shares.Of("uplink.report.waiting")));
        Assert.Equal([0, 1, 0], shares.Curve("uplink.report.approved.plot"));
        Assert.Equal(((2, 0), (1, 0), (1, 0)), (received.Of("uplink.report.received.all"), received.Of("uplink.report.received.accepted"), received.Of("uplink.report.received.refused")));
        Assert.Equal(["=Peer | 2 | 0"], received.Rows("uplink.report.peers"));
    }

    [Fact]
    public async Task Appliance_tells_of_itself_what_the_viewer_may_read_elsewhere()
    {
        await _world.WriteAsync(
            """
            insert into kernel.mail_raw (sha256, bytes, stored_at) values (sha256('a'), 'a', now());
            insert into kernel.mail_in (id, file_name, sha256, size, received_at, state, kind, tlp, pap) values
                (gen_random_uuid(), '1', 'a', 1, '2026-11-17 08:00Z', 'parsed', 'mail', 2, 2), (gen_random_uuid(), '2', 'a', 1, '2026-11-17 08:00Z', 'parsed', 'bounce', 2, 2), (gen_random_uuid(), '3', 'a', 1, '2026-11-17 08:00Z', 'quarantined', 'mail', 4, 2);
            insert into jobs.runs (id, job, fire_time, state, started_at) values (gen_random_uuid(), 'kernel.backup', '2026-11-17 02:20Z', 'failed', '2026-11-17 02:20Z'), (gen_random_uuid(), 'kernel.backup', '2026-11-16 02:20Z', 'done', '2026-11-16 02:20Z');
            insert into audit.entries (id, at, actor_id, actor_name, action, subject, detail) values (gen_random_uuid(), '2026-11-17 08:00Z', gen_random_uuid(), 'x', 'kernel.account.locked-by-tries', 'user/unknown', '{}');
            insert into kernel.backups (id, made_at, file, bytes, seconds, table_rows, files, lost) values (gen_random_uuid(), '2026-11-16 02:21Z', 'x', 1, 1, 1, 1, 0)
            """);

        var mail = await _world.PartAsync(_other, new("week"), "kernel.report.mail");
        var analyst = await _world.PartAsync(_other, new("week"), "kernel.report.machine");
        var administrator = await _world.PartAsync(_world.Modules.Person("Ada", Role.Administrator), new("week"), "kernel.report.machine");

        Assert.Equal(((2, 0), (1, 0), (0, 0)), (mail.Of("kernel.report.mail.in"), mail.Of("kernel.report.mail.bounces"), mail.Of("kernel.report.mail.quarantined")));
        Assert.DoesNotContain(analyst.Numbers, n => n.Key is "kernel.report.lock-outs" or "kernel.report.jobs-failed" or "kernel.report.parked");
        Assert.Equal(((1, 0), (1, 0), (1, 0)), (administrator.Of("kernel.report.lock-outs"), administrator.Of("kernel.report.jobs-failed"), administrator.Of("kernel.report.backups")));
        Assert.Equal(["kernel.backup | 1 | 0"], administrator.Rows("kernel.report.jobs"));
        Assert.Equal(new DateTimeOffset(2026, 11, 16, 2, 21, 0, TimeSpan.Zero).ToUnixTimeSeconds(), administrator.Of("kernel.report.last-backup").Now);
    }

    [Fact]
    public async Task Section_that_lasts_says_so_and_the_others_are_there()
    {
        var report = await _world.ReadAsync(_world.Analyst, new("week", Sections: ["ticketing.report.incidents", Stuck.Key]));

        Assert.Equal([("ticketing.report.incidents", true, false), (Stuck.Key, false, true)], report.Pieces.Select(p => (p.Section.Key, p.Part is not null, p.Late)));
    }

    [Fact]
    public async Task Sections_are_those_whose_rights_one_holds_and_a_chosen_one_does_not_widen_them()
    {
        var auditor = _world.Modules.Person("Aud", Role.Auditor);

        var report = await _world.ReadAsync(auditor, new("week", Sections: ["sensing.report.alerts", "ticketing.report.incidents", "kernel.report.machine"]));

        Assert.Equal(["kernel.report.machine"], report.Pieces.Select(p => p.Section.Key));
        await using var scope = _world.Modules.Services.GetRequiredService<IServiceScopeFactory>().CreateAsyncScope();
        var refused = await scope.ServiceProvider.GetRequiredService<ReadReport>().RunAsync(_world.Modules.Person("Con", Role.Constituent), new("week"), CancellationToken.None);
        Assert.Equal(RefusalKind.Forbidden, refused.Refusals[0].Kind);
    }

    [Theory]
    [InlineData("en")]
    [InlineData("fr")]
    [InlineData("es")]
    [InlineData("ar")]
    [InlineData("zh")]
    [InlineData("ru")]
    public async Task Everything_a_report_can_name_has_words(string language)
    {
        var known = CultureInfo.CurrentUICulture;
        try
        {
            CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(language);
            var everybody = _world.Modules.Person("All", Role.Administrator, Role.Manager, Role.Analyst);
            var offered = _world.Modules.Services.GetServices<IReportParts>().SelectMany(p => p.Sections).Select(s => s.Key).Where(k => k != Stuck.Key).ToList();
            var report = await _world.ReadAsync(everybody, new("week", Sections: offered));

            // The words of a key that is not there throw.
            Assert.Equal(13, report.Pieces.Count(p => p.Part is not null));
            Assert.NotEmpty(ReportFile.Csv(report, ReportWorld.Texts));
            Assert.Contains("\"sections\"", Encoding.UTF8.GetString(ReportFile.Json(report, ReportWorld.Texts)), StringComparison.Ordinal);
            Assert.NotEmpty(ReportWords.Title(ReportWorld.Texts, report.Range));
        }
        finally
        {
            CultureInfo.CurrentUICulture = known;
        }
    }

    /// <summary>A source that never answers.</summary>
    private sealed class Stuck : IReportParts
    {
        public const string Key = "console.reports";

        public IReadOnlyList<ReportSection> Sections { get; } = [new(Key, Permission.SignedIn)];

        public async Task<ReportPart> ReadAsync(Viewer viewer, string section, ReportPeriod period, CancellationToken cancel)
        {
            await Task.Delay(Timeout.Infinite, cancel);
            throw new InvalidOperationException("never");
        }
    }
}
