using System.Diagnostics;
using System.Globalization;
using System.Net;
using Appliance.Host.Demo;
using Appliance.Integration.Sensing;
using Appliance.Kernel.Data;
using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Faults;

/// <summary>The database goes away and comes back: everybody is told, what arrives waits, and nobody has to do anything.</summary>
public sealed partial class DatabaseAwayTests
{
    private static readonly TimeSpan s_told = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_back = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Database_away_for_some_seconds_is_told_and_comes_back_by_itself() => AwayAsync(TimeSpan.FromSeconds(12));

    [LongFact]
    public Task Database_away_for_a_minute_is_told_and_comes_back_by_itself() => AwayAsync(TimeSpan.FromMinutes(1));

    [LongFact]
    public Task Database_away_for_five_minutes_is_told_and_comes_back_by_itself() => AwayAsync(TimeSpan.FromMinutes(5));

    [Fact]
    public async Task Connections_cut_under_load_show_no_fault_to_anybody_and_lose_no_line()
    {
        await using var server = await OwnServer.StartAsync();
        await using var host = await StartAsync(server);
        await using var desk = await Desk.OpenAsync(host);
        var spool = new SensorSpool(host.SensorFolder);
        for (var round = 0; round < 30; round++)
        {
            var first = round * 400;
            spool.Put("alerts", Enumerable.Range(first, 400).Select(n => SensorSpool.Alert(1 + (n % 50), extra: $",\"n\":{n}")));
            // The pool is filled with connections, which then all lie cut in it.
            Assert.All(await desk.AskAllAsync(), code => Assert.Equal(HttpStatusCode.OK, code));
            Assert.NotEqual(0, await server.CutAsync());
            Assert.All(await desk.AskAllAsync(), code => Assert.Equal(HttpStatusCode.OK, code));
        }

        await StoredOnceAsync(server, 30 * 400);
        Assert.False(host.Process.HasEnded, host.Process.Output);
    }

    private static async Task AwayAsync(TimeSpan outage)
    {
        await using var server = await OwnServer.StartAsync();
        await using var host = await StartAsync(server);
        await using var desk = await Desk.OpenAsync(host);
        var spool = new SensorSpool(host.SensorFolder);
        spool.Put("alerts", Enumerable.Range(0, 300).Select(n => SensorSpool.Alert(1 + (n % 30), extra: $",\"n\":{n}")));
        await StoredOnceAsync(server, 300);
        Assert.All(await desk.AskAllAsync(), code => Assert.Equal(HttpStatusCode.OK, code));

        await server.StopAsync();
        var since = Stopwatch.GetTimestamp();
        await UntilAsync(async () => await desk.HealthAsync() == HttpStatusCode.ServiceUnavailable, s_told, "/health tells that the database is away");
        await DemandToldAsync(desk);
        spool.Put("alerts", Enumerable.Range(300, 700).Select(n => SensorSpool.Alert(1 + (n % 30), extra: $",\"n\":{n}")));
        await UntilAsync(() => Task.FromResult(Stopwatch.GetElapsedTime(since) > outage), outage + s_told, "the outage is over");
        Assert.False(host.Process.HasEnded, host.Process.Output);

        await server.StartAgainAsync();
        var back = DateTimeOffset.UtcNow;
        await UntilAsync(async () => await desk.HealthAsync() == HttpStatusCode.OK, s_back, "/health tells that all is well");
        for (var round = 0; round < 5; round++)
            Assert.All(await desk.AskAllAsync(), code => Assert.Equal(HttpStatusCode.OK, code));
        await StoredOnceAsync(server, 1000);
        await desk.EscalateOneAsync(server);
        await using var database = NpgsqlDataSource.Create(server.Address);
        await UntilAsync(async () => await AskAsync(database, "select count(*) from jobs.runs where state = 'done' and started_at > @at", back) > 0, s_back, "a job ran");
        Assert.Equal(0, await AskAsync(database, "select count(*) from jobs.runs where state = 'running' and started_at < @at", back.AddSeconds(-1)));
        Assert.False(host.Process.HasEnded, host.Process.Output);
        Assert.Contains("the database answers again", host.Process.Output, StringComparison.Ordinal);
        Assert.Equal(0, await host.StopAsync());
    }

    /// <summary>
    /// Who was at work sees the alarm above the page; who has just come, a page that asks again by itself; a program gets problem details. Nobody gets a trace.
    /// </summary>
    private static async Task DemandToldAsync(Desk desk)
    {
        await UntilAsync(
            async () =>
            {
                using var known = await desk.PageAsync("/sense/inbox");
                var words = await known.Content.ReadAsStringAsync(Cancel);
                Assert.Equal(HttpStatusCode.OK, known.StatusCode);
                Assert.DoesNotContain("Npgsql", words, StringComparison.Ordinal);
                return words.Contains("class=\"alarm\"", StringComparison.Ordinal) && words.Contains("The database does not answer", StringComparison.Ordinal);
            },
            s_told,
            "the page tells that the database is away");
        using var page = await desk.NewcomerAsync("/sense/inbox");
        var shown = await page.Content.ReadAsStringAsync(Cancel);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "text/html"), (page.StatusCode, page.Content.Headers.ContentType?.MediaType));
        Assert.Equal(["5"], page.Headers.GetValues("Refresh"));
        Assert.Contains("The database does not answer", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("Npgsql", shown, StringComparison.Ordinal);
        using var answer = await desk.ApiAsync("sensing/groups");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
    }

    private static async Task<HostProcess> StartAsync(OwnServer server)
    {
        var host = await HostProcess.StartOnAsync(server.Address, new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        Assert.Equal(0, (await host.RunAsync("demo", "people")).Code);
        return host;
    }

    private static async Task StoredOnceAsync(OwnServer server, int alerts)
    {
        await using var database = NpgsqlDataSource.Create(server.Address);
        await UntilAsync(async () => await AskAsync(database, "select count(*) from sensing.alerts") >= alerts, s_back, $"{alerts} alerts are stored");
        Assert.Equal(alerts, await AskAsync(database, "select count(*) from sensing.alerts"));
        Assert.Equal(alerts, await AskAsync(database, "select count(distinct raw->>'n') from sensing.alerts"));
    }

    private static async Task UntilAsync(Func<Task<bool>> done, TimeSpan patience, string what)
    {
        for (var since = Stopwatch.GetTimestamp(); !await done(); await Task.Delay(100, Cancel))
            Assert.True(Stopwatch.GetElapsedTime(since) < patience, $"not within {patience.TotalSeconds} s: {what}");
    }

    private static async Task<long> AskAsync(NpgsqlDataSource database, string sql, DateTimeOffset? at = null)
    {
        await using var command = database.CreateCommand(sql);
        if (at is { } moment)
            command.Parameters.AddWithValue("at", moment);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancel), CultureInfo.InvariantCulture);
    }

    /// <summary>A person at a browser and a program with a token, both known before the trouble.</summary>
    private sealed class Desk : IAsyncDisposable
    {
        private const int AtOnce = 50;

        private readonly SignedIn _person;
        private readonly SignedIn _newcomer;
        private readonly HttpClient _program;
        private readonly DemoApi _api;

        private Desk(SignedIn person, SignedIn newcomer, HttpClient program, DemoApi api) => (_person, _newcomer, _program, _api) = (person, newcomer, program, api);

        public static async Task<Desk> OpenAsync(HostProcess host)
        {
            var amina = DemoPeople.Load(new DataFolder(host.Data))!.Single(p => p.Name == "amina");
            var program = new HttpClient { BaseAddress = host.Http, DefaultRequestHeaders = { Authorization = new("Bearer", amina.Token) } };
            Task<SignedIn> ComeAsync() => SignedIn.AsAsync(host.Http, amina.Name, amina.Password);
            return new(await ComeAsync(), await ComeAsync(), program, new DemoApi(program, host.Http, amina.Token));
        }

        public async Task<HttpStatusCode> HealthAsync()
        {
            using var answer = await _program.GetAsync(new Uri("/health", UriKind.Relative), Cancel);
            return answer.StatusCode;
        }

        public Task<HttpResponseMessage> PageAsync(string path) => _person.GetAsync(path, Cancel);

        /// <summary>As one who signed in and has opened nothing yet.</summary>
        public Task<HttpResponseMessage> NewcomerAsync(string path) => _newcomer.GetAsync(path, Cancel);

        public Task<HttpResponseMessage> ApiAsync(string path) => _program.GetAsync(new Uri("/api/v1/" + path, UriKind.Relative), Cancel);

        /// <summary>As many requests at once as the pool has connections.</summary>
        public Task<HttpStatusCode[]> AskAllAsync() => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async n =>
        {
            using var answer = n % 5 == 0 ? await PageAsync("/sense/inbox") : await ApiAsync(n % 2 == 0 ? "sensing/groups" : "ticketing/incidents");
            return answer.StatusCode;
        }));

        /// <summary>A fact travels to another module and back.</summary>
        public async Task EscalateOneAsync(OwnServer server)
        {
            var group = (await _api.GetAsync("sensing/groups?size=1", Cancel))!["items"]![0]!["id"]!.ToString();
            await _api.PostAsync("sensing/groups/escalate", new { ids = new[] { group } }, Cancel);
            await using var database = NpgsqlDataSource.Create(server.Address);
            await UntilAsync(async () => await AskAsync(database, $"select count(*) from sensing.alert_groups where id = '{group}' and incident_number is not null") == 1, s_back, "the incident's number came back");
        }

        public ValueTask DisposeAsync()
        {
            _person.Dispose();
            _newcomer.Dispose();
            _program.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
