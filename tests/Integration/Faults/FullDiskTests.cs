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

/// <summary>Disks fill: nothing dies, people are told and can log in, and everything goes on by itself when there is room again.</summary>
public sealed class FullDiskTests
{
    private static readonly TimeSpan s_told = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_back = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Full_disk_of_database_and_data_pauses_intake_gives_the_ballast_back_and_loses_nothing()
    {
        Assert.SkipUnless(SmallDisk.IsPossible, "mounting a small disk needs root");
        await using var disk = await SmallDisk.MountAsync(320);
        await using var server = await OwnServer.StartAsync(Directory.CreateDirectory(Path.Combine(disk.Path, "database")).FullName);
        await RunAsync(server, "alter system set max_wal_size = '64MB'", "alter system set min_wal_size = '32MB'", "select pg_reload_conf()");
        var spoolFolder = Directory.CreateTempSubdirectory("cirt-spool-").FullName;
        var maildir = Directory.CreateTempSubdirectory("cirt-mail-").FullName;
        await using var host = await HostProcess.StartOnAsync(
            server.Address,
            new Dictionary<string, string?>
            {
                ["kernel__plainLoopback"] = "true",
                ["kernel__ballastMiB"] = "1024",
                ["kernel__mail__maildir"] = maildir,
                ["sensing__folders__0__name"] = "local",
                ["sensing__folders__0__path"] = spoolFolder,
            },
            Directory.CreateDirectory(Path.Combine(disk.Path, "data")).FullName);
        Assert.Equal(0, (await host.RunAsync("demo", "people")).Code);
        var ballast = new FileInfo(Path.Combine(host.Data, "ballast"));
        await UntilAsync(() => Task.FromResult(Exists(ballast)), s_back, "the ballast is there");
        var spool = new SensorSpool(spoolFolder);
        spool.Put("alerts", Alerts(0, 500));
        await StoredAsync(server, 500);

        await disk.FillAsync();
        await ToldAsync(host, "(" + host.Data + ")");
        await UntilAsync(() => Task.FromResult(!Exists(ballast)), s_told, "the ballast was given back");
        spool.Put("alerts", Alerts(500, 3000));
        await File.WriteAllTextAsync(Path.Combine(maildir, "new", "1.mail"), "From: a@example.org\r\nTo: b@example.org\r\nSubject: kept\r\nMessage-ID: <1@example.org>\r\n\r\nbody\r\n", Cancel);
        // Several log-ins and an act: each writes, and takes longer than intake would need to notice the segment.
        await WorkAsync(host);
        Assert.Equal(500, await AskAsync(server, "select count(*) from sensing.alerts"));
        Assert.True(File.Exists(Path.Combine(maildir, "new", "1.mail")));
        Assert.False(host.Process.HasEnded, host.Process.Output);

        disk.Free();
        await OverAsync(host);
        await StoredAsync(server, 3500);
        await UntilAsync(async () => await AskAsync(server, "select count(*) from kernel.mail_in") == 1, s_back, "the mail was taken in");
        await UntilAsync(() => Task.FromResult(Exists(ballast)), s_back, "the ballast is there again");
        Assert.Equal(0, await host.StopAsync());
        Directory.Delete(spoolFolder, recursive: true);
        Directory.Delete(maildir, recursive: true);
    }

    [Theory]
    [InlineData("files")]
    [InlineData("sensor")]
    [InlineData("temporary")]
    public async Task Full_disk_elsewhere_is_told_and_the_rest_works(string place)
    {
        Assert.SkipUnless(SmallDisk.IsPossible, "mounting a small disk needs root");
        await using var disk = await SmallDisk.MountAsync(24);
        var data = Directory.CreateTempSubdirectory("cirt-full-").FullName;
        if (place == "files")
            Directory.CreateSymbolicLink(Path.Combine(data, "files"), Directory.CreateDirectory(Path.Combine(disk.Path, "files")).FullName);
        var sensor = place == "sensor" ? Path.Combine(disk.Path, "sensor") : Path.Combine(data, "sensor");
        var settings = new Dictionary<string, string?>
        {
            ["kernel__plainLoopback"] = "true",
            ["sensing__folders__0__name"] = "local",
            ["sensing__folders__0__path"] = sensor,
        };
        await using var server = await OwnServer.StartAsync();
        await using var host = await HostProcess.StartOnAsync(server.Address, settings, data, place == "temporary" ? new Dictionary<string, string?> { ["TMPDIR"] = disk.Path } : null);
        Assert.Equal(0, (await host.RunAsync("demo", "people")).Code);
        await using var engine = CirtProcess.Start(["sensor", "--folder", sensor], new Dictionary<string, string?> { ["CIRT_DATA"] = data });
        await UntilAsync(async () => await AskAsync(server, "select count(*) from sensing.sensor_generations where state = 'loaded'") > 0, s_back, "the sensor has loaded its rules");

        await disk.FillAsync();
        await ToldAsync(host, place == "files" ? Path.Combine(data, "files") : disk.Path);
        await WorkAsync(host);
        if (place == "sensor")
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await UploadAsync(host));
        else
            Assert.Equal(HttpStatusCode.OK, await UploadAsync(host));
        Assert.False(host.Process.HasEnded, host.Process.Output);
        Assert.False(engine.HasEnded, engine.Output);

        disk.Free();
        await OverAsync(host);
        Assert.Equal(HttpStatusCode.OK, await UploadAsync(host));
        await UntilAsync(async () => await AskAsync(server, "select count(*) from sensing.alert_groups") > 0, s_back, $"the capture's alerts are stored\n{engine.Output}");
        Assert.Equal(0, await host.StopAsync());
        Assert.Equal(0, await engine.StopAsync());
    }

    private static bool Exists(FileInfo file)
    {
        file.Refresh();
        return file.Exists;
    }

    private static IEnumerable<string> Alerts(int first, int count) => Enumerable.Range(first, count).Select(n => SensorSpool.Alert(1 + (n % 40), extra: $",\"n\":{n}"));

    private static async Task StoredAsync(OwnServer server, int alerts)
    {
        await UntilAsync(async () => await AskAsync(server, "select count(*) from sensing.alerts") >= alerts, s_back, $"{alerts} alerts are stored");
        Assert.Equal(alerts, await AskAsync(server, "select count(distinct raw->>'n') from sensing.alerts"));
        Assert.Equal(alerts, await AskAsync(server, "select count(*) from sensing.alerts"));
    }

    /// <summary>A person logs in and sees the alarm; health is red.</summary>
    private static async Task ToldAsync(HostProcess host, string words)
    {
        var since = Stopwatch.GetTimestamp();
        using var client = host.Client();
        await UntilAsync(async () => await StatusAsync(client) == HttpStatusCode.ServiceUnavailable, s_told, "/health is red");
        using var person = await PersonAsync(host, "amina");
        await UntilAsync(
            async () =>
            {
                using var page = await person.GetAsync("/tickets", Cancel);
                var text = WebUtility.HtmlDecode(await page.Content.ReadAsStringAsync(Cancel));
                return page.StatusCode == HttpStatusCode.OK && text.Contains("class=\"alarm\"", StringComparison.Ordinal) && text.Contains(words, StringComparison.Ordinal);
            },
            s_told,
            $"the page tells that {words} is full");
        TestContext.Current.TestOutputHelper?.WriteLine($"told after {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s");
    }

    private static async Task OverAsync(HostProcess host)
    {
        var since = Stopwatch.GetTimestamp();
        using var client = host.Client();
        await UntilAsync(async () => await StatusAsync(client) == HttpStatusCode.OK, s_back, "/health is good");
        TestContext.Current.TestOutputHelper?.WriteLine($"over after {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s");
    }

    /// <summary>Log-ins, and an act that is written down.</summary>
    private static async Task WorkAsync(HostProcess host)
    {
        for (var round = 0; round < 5; round++)
            (await PersonAsync(host, "amina")).Dispose();
        using var http = new HttpClient();
        var amina = DemoPeople.Load(new DataFolder(host.Data))!.Single(p => p.Name == "amina");
        await new DemoApi(http, host.Http, amina.Token).PostAsync("ticketing/incidents", new { title = "written while the disk is full", severity = 3 }, Cancel);
    }

    private static async Task<HttpStatusCode> UploadAsync(HostProcess host)
    {
        using var http = new HttpClient { BaseAddress = host.Http };
        http.DefaultRequestHeaders.Authorization = new("Bearer", DemoPeople.Load(new DataFolder(host.Data))!.Single(p => p.Name == "lee").Token);
        await using var capture = File.OpenRead(Checkout.At("modules", "Sensing", "Module", "Samples", "sample-case.pcap"));
        using var content = new StreamContent(capture);
        using var answer = await http.PostAsync(new Uri("/api/v1/sensing/captures?name=sample.pcap", UriKind.Relative), content, Cancel);
        return answer.StatusCode;
    }

    private static async Task<SignedIn> PersonAsync(HostProcess host, string name) =>
        await SignedIn.AsAsync(host.Http, name, DemoPeople.Load(new DataFolder(host.Data))!.Single(p => p.Name == name).Password);

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client)
    {
        using var answer = await client.GetAsync(new Uri("/health", UriKind.Relative), Cancel);
        return answer.StatusCode;
    }

    private static async Task UntilAsync(Func<Task<bool>> done, TimeSpan patience, string what)
    {
        for (var since = Stopwatch.GetTimestamp(); !await done(); await Task.Delay(100, Cancel))
            Assert.True(Stopwatch.GetElapsedTime(since) < patience, $"not within {patience.TotalSeconds} s: {what}");
    }

    private static async Task RunAsync(OwnServer server, params string[] statements)
    {
        await using var database = NpgsqlDataSource.Create(server.Address);
        foreach (var statement in statements)
        {
            await using var command = database.CreateCommand(statement);
            await command.ExecuteNonQueryAsync(Cancel);
        }
    }

    private static async Task<long> AskAsync(OwnServer server, string sql)
    {
        await using var database = NpgsqlDataSource.Create(server.Address);
        await using var command = database.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancel), CultureInfo.InvariantCulture);
    }
}
