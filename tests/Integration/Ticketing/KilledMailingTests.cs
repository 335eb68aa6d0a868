using System.Collections.Frozen;
using System.Globalization;
using Appliance.Contracts;
using Appliance.Host.Composition;
using Appliance.Kernel.Data;
using Appliance.Tests;
using Appliance.Ticketing.Mailings;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>The real host dies in the middle of a mailing, again and again: nobody is written to twice, nobody is missing.</summary>
public sealed class KilledMailingTests
{
    private const int Contacts = 1500;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_host_goes_on_with_a_mailing_and_writes_to_every_contact_once()
    {
        await using var host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        Assert.Equal(0, (await host.RunAsync("demo", "people")).Code);
        await using var database = NpgsqlDataSource.Create(host.Database);
        await host.KillAsync();
        await FillAsync(database);
        await StartAsync(host, database);
        await host.StartAgainAsync();

        var midway = 0;
        foreach (var target in new[] { 1, Contacts / 3, Contacts * 2 / 3 })
        {
            await UntilAsync(database, "select done from kernel.bulk_runs", target);
            await host.KillAsync();
            midway += await AskAsync(database, "select count(*) from kernel.bulk_runs where ended_at is null") > 0 ? 1 : 0;
            var done = await AskAsync(database, "select done from kernel.bulk_runs");
            Assert.Equal((done, done), (await AskAsync(database, "select count(*) from kernel.mail_out"), await AskAsync(database, "select count(*) from ticketing.letters where state = 'queued'")));
            await host.StartAgainAsync();
        }

        // On a busy machine the last round is sometimes over before the kill.
        Assert.InRange(midway, 2, 3);
        await UntilAsync(database, "select count(*) from kernel.bulk_runs where state = 'done'", 1);
        Assert.Equal(Contacts, await AskAsync(database, "select count(*) from kernel.mail_out"));
        Assert.Equal(Contacts, await AskAsync(database, "select count(*) from kernel.mail_recipients"));
        Assert.Equal(Contacts, await AskAsync(database, "select count(distinct address) from kernel.mail_recipients"));
        Assert.Equal(Contacts, await AskAsync(database, "select count(distinct mail_id) from ticketing.letters where state = 'queued'"));
        Assert.Equal(Contacts, await AskAsync(database, "select count(*) from ticketing.timeline where kind = 'mail-out'"));
        Assert.Equal(Contacts, await AskAsync(database, "select count(*) from audit.entries where action = 'ticketing.incident.mailed'"));
    }

    // As the console stores it: the browser that asked is long closed when the host starts again.
    private static async Task StartAsync(HostProcess host, NpgsqlDataSource database)
    {
        var data = new DataFolder(host.Data);
        await using var services = VerbServices.Build(new ModuleCatalog(), data, DatabaseAccess.Load(data.DatabaseAccessFile), out _);
        await using var scope = services.CreateAsyncScope();
        await using var command = database.CreateCommand("select u.id from identity.users u join identity.user_roles r on r.user_id = u.id where r.role = 'analyst' limit 1");
        var person = new UserId((Guid)(await command.ExecuteScalarAsync(Cancel))!);
        await using var mailing = database.CreateCommand("select id from ticketing.mailings");
        var viewer = new Viewer { Id = person, Name = "test", ReadsUpTo = Tlp.AmberStrict, Permissions = FrozenSet.Create(Permission.SignedIn.Id, "ticketing.incident.mail") };
        var begun = await scope.ServiceProvider.GetRequiredService<SendMailing>().RunAsync(viewer, (Guid)(await mailing.ExecuteScalarAsync(Cancel))!, Cancel);
        Assert.True(begun.Succeeded, begun.Succeeded ? "" : begun.Refusals[0].Key);
    }

    private static async Task FillAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand(
            $"""
            insert into ticketing.incidents (id, number, title, state, severity, rsit_type, rsit_version, source, opened_at, changed_at, changed_by, state_since, tlp, pap, exercise)
            values (gen_random_uuid(), 'INC-2020-00001', 'Botnet', 'triage', 3, 'other/other', 1003, 'api', now(), now(), 'x', now(), 1, 2, false);
            insert into ticketing.mailings (id, incident_id, kind, state, lines, blank_lines, made_at, made_by, made_name)
            select gen_random_uuid(), m.id, 'infected', 'draft', {Contacts}, 0, now(), gen_random_uuid(), 'x' from ticketing.incidents m;
            insert into ticketing.letters (id, mailing_id, organisation, address, name, language, purpose, source, made_at)
            select gen_random_uuid(), g.id, 'Organisation ' || n, 'soc@org' || n || '.example', '', 'en', 'security', 'directory', now() from ticketing.mailings g, generate_series(1, {Contacts}) n;
            insert into ticketing.mailing_items (mailing_id, seq, line, type, value, evidence, letter_id)
            select l.mailing_id, row_number() over (order by l.id), 1, 'ipv4', '192.0.2.1', '', l.id from ticketing.letters l;
            """);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task UntilAsync(NpgsqlDataSource database, string count, long wanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(s_patience);
        for (var seen = 0L; (seen = await AskAsync(database, count)) < wanted;)
        {
            Assert.False(limit.IsCancellationRequested, $"{seen} of {wanted} after {s_patience.TotalSeconds} s: {count}");
            await Task.Delay(10, Cancel);
        }
    }

    private static async Task<long> AskAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancel), CultureInfo.InvariantCulture);
    }
}
