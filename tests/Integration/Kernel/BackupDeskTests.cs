using System.Formats.Tar;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Kernel;

/// <summary>Backups and releases as the console orders them: written and read away from the page, given out from their folder alone, handed to the machine as they came.</summary>
public sealed class BackupDeskTests(BackupDeskTests.Desk desk) : IClassFixture<BackupDeskTests.Desk>
{
    private readonly string _place = desk.Place;
    private readonly HostProcess _host = desk.Host;
    private readonly HttpClient _http = desk.Http;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Backups => Path.Combine(_place, "backups");

    private string Release => Path.Combine(_place, "update", "release.update");

    private string Result => Path.Combine(_place, "result");

    [Fact]
    public async Task Backup_is_ordered_written_trimmed_and_taken_away_whole()
    {
        using (var early = await _http.PostAsync("backups", null, Cancel))
            Assert.Equal(HttpStatusCode.Conflict, early.StatusCode);
        var (_, card) = await _host.RunAsync("backup", "--new-key");
        for (var i = 1; i <= 3; i++)
        {
            using var ordered = await _http.PostAsync("backups", null, Cancel);
            Assert.Equal(HttpStatusCode.NoContent, ordered.StatusCode);
            await DoneAsync(i);
        }

        var lines = Written(await SheetAsync());
        Assert.Equal([true, true, false], lines.Select(l => (bool)l!["isHere"]!));
        Assert.Equal(2, Directory.GetFiles(Backups, "cirt-*").Length);
        var key = Path.Combine(_place, "card.txt");
        await File.WriteAllTextAsync(key, card, Cancel);
        var taken = Path.Combine(_place, "taken");
        await File.WriteAllBytesAsync(taken, await _http.GetByteArrayAsync($"backups/{lines[0]!["id"]}/file", Cancel), Cancel);
        var (code, said) = await _host.RunAsync("backup", "--check", taken, "--key-file", key);
        Assert.True(code == 0, said);
        // A broken line goes on where it was.
        using var part = new HttpRequestMessage(HttpMethod.Get, $"backups/{lines[0]!["id"]}/file") { Headers = { Range = new RangeHeaderValue(0, 20) } };
        using var some = await _http.SendAsync(part, Cancel);
        Assert.Equal((HttpStatusCode.PartialContent, "age-encryption.org/v1"), (some.StatusCode, await some.Content.ReadAsStringAsync(Cancel)));
        using var gone = await _http.GetAsync($"backups/{lines[2]!["id"]}/file", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.Equal(2, await CountAsync("select count(*) from audit.entries where action = 'kernel.backup.taken'"));
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("BACKUPS/../secret")]
    [InlineData("BACKUPS/link")]
    public async Task Nothing_but_a_file_of_the_folder_is_given_out(string noted)
    {
        await File.WriteAllTextAsync(Path.Combine(_place, "secret"), "secret", Cancel);
        if (!File.Exists(Path.Combine(Backups, "link")))
            File.CreateSymbolicLink(Path.Combine(Backups, "link"), "/etc/passwd");
        var id = Guid.NewGuid();
        await using var database = NpgsqlDataSource.Create(_host.Database);
        await using var command = database.CreateCommand("insert into kernel.backups (id, made_at, file, bytes, seconds, table_rows, files, lost) values ($1, now(), $2, 1, 1, 1, 1, 0)");
        command.Parameters.AddWithValue(id);
        command.Parameters.AddWithValue(noted.Replace("BACKUPS", Backups, StringComparison.Ordinal));
        await command.ExecuteNonQueryAsync(Cancel);

        using var answer = await _http.GetAsync($"backups/{id}/file", Cancel);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Release_is_laid_down_as_it_came_and_only_one_at_a_time()
    {
        var bytes = await TarAsync();
        using (var given = await GiveAsync(bytes))
            Assert.Equal("waiting", (string?)(await given.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["state"]);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Release, Cancel));
        using (var second = await GiveAsync(bytes))
            Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);

        // As the machine does: it takes the file and says what came of it.
        File.Delete(Release);
        await File.WriteAllTextAsync(Result, "refused\nupdate: The update is refused; nothing was changed.\n  No key of this machine signed it as it is.\n", Cancel);
        var sheet = (await _http.GetFromJsonAsync<JsonNode>("update", Cancel))!;
        Assert.Equal("refused", (string?)sheet["state"]);
        Assert.Contains("No key of this machine", (string?)sheet["said"], StringComparison.Ordinal);
        Assert.Empty(Parts());
        Assert.Equal(1, await CountAsync("select count(*) from audit.entries where action = 'kernel.update.given'"));

        using var restarted = await _http.PostAsync("update/restart", null, Cancel);
        Assert.Equal(HttpStatusCode.NoContent, restarted.StatusCode);
        Assert.True(File.Exists(Path.Combine(_place, "update", "restart")));
    }

    [Fact]
    public async Task What_is_no_release_is_refused_and_leaves_nothing()
    {
        using var answer = await GiveAsync("#!/bin/sh\nrm -rf /\n"u8.ToArray());
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.False(File.Exists(Release));
        Assert.Empty(Parts());
    }

    private string[] Parts() => Directory.GetFiles(Path.GetDirectoryName(Release)!, ".*");

    // Those that the tests planted have other names.
    private static List<JsonNode> Written(JsonNode sheet) => [.. sheet["lines"]!.AsArray().OfType<JsonNode>().Where(l => Path.GetFileName((string)l["file"]!).StartsWith("cirt-", StringComparison.Ordinal))];

    private async Task<HttpResponseMessage> GiveAsync(byte[] bytes)
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(bytes), "file", "cirt-9.update" } };
        return await _http.PostAsync("update", form, Cancel);
    }

    private static async Task<byte[]> TarAsync()
    {
        using var memory = new MemoryStream();
        await using (var tar = new TarWriter(memory, TarEntryFormat.Ustar, leaveOpen: true))
            await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, "manifest") { DataStream = new MemoryStream("product cirt-appliance\n"u8.ToArray()) }, Cancel);
        return memory.ToArray();
    }

    private async Task<JsonNode> SheetAsync() => (await _http.GetFromJsonAsync<JsonNode>("backups", Cancel))!;

    private async Task DoneAsync(int backups)
    {
        var until = DateTime.UtcNow.AddSeconds(60);
        while (true)
        {
            var sheet = await SheetAsync();
            Assert.Null((string?)sheet["failed"]);
            if (!(bool)sheet["doing"]! && Written(sheet).Count == backups)
                break;
            Assert.True(DateTime.UtcNow < until, sheet.ToJsonString());
            await Task.Delay(200, Cancel);
        }

        // Names carry whole seconds.
        await Task.Delay(1100, Cancel);
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var database = NpgsqlDataSource.Create(_host.Database);
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }

    /// <summary>A host with a folder for backups, one for releases, and an administrator's token.</summary>
    public sealed class Desk : IAsyncLifetime
    {
        internal string Place { get; } = Directory.CreateTempSubdirectory("cirt-desk-").FullName;

        internal HostProcess Host { get; private set; } = null!;

        internal HttpClient Http { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync()
        {
            Directory.CreateDirectory(Path.Combine(Place, "backups"));
            Host = await HostProcess.StartAsync(new Dictionary<string, string?>
            {
                ["kernel__plainLoopback"] = "true", ["kernel__backup__folder"] = Path.Combine(Place, "backups"), ["kernel__backup__keep"] = "2",
                ["kernel__update__folder"] = Path.Combine(Place, "update"), ["kernel__update__result"] = Path.Combine(Place, "result"),
            });
            Assert.Equal(0, (await Host.RunAsync("demo", "people")).Code);
            var lee = DemoPeople.Load(new DataFolder(Host.Data))!.Single(p => p.Name == "lee");
            Http = new HttpClient { BaseAddress = new Uri(Host.Http, "/api/v1/kernel/") };
            Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", lee.Token);
        }

        /// <inheritdoc/>
        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await Host.DisposeAsync();
            Directory.Delete(Place, recursive: true);
        }
    }
}
