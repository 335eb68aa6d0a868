using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Answers;

/// <summary>An author's desk with a key, and a fresh machine whose image trusts that key.</summary>
internal sealed partial class AnswerDesk : IAsyncDisposable
{
    private readonly TestDatabase? _database;
    private readonly HostProcess? _host;

    private AnswerDesk(TestDatabase? database, HostProcess? host, string folder) => (_database, _host, Folder) = (database, host, folder);

    /// <summary>The running host, for tests that log in.</summary>
    public HostProcess Host => _host ?? throw new InvalidOperationException("this desk was opened without a host");

    public string Folder { get; }

    public string Data => _host?.Data ?? Path.Combine(Folder, "data");

    public string Key => Path.Combine(Folder, "author.pem");

    public string File => Path.Combine(Folder, "answers.yaml");

    /// <summary>With an empty database that was migrated, and with a host on it where <paramref name="serving"/>.</summary>
    public static async Task<AnswerDesk> OpenAsync(bool serving = false)
    {
        var folder = Directory.CreateTempSubdirectory("cirt-answers-").FullName;
        var host = serving ? await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" }) : null;
        var database = serving ? null : await TestDatabase.EmptyAsync();
        var desk = new AnswerDesk(database, host, folder);
        if (database is not null)
        {
            var (code, output) = await CirtProcess.RunAsync(["migrate"], new Dictionary<string, string?> { ["CIRT_DATA"] = desk.Data, ["CIRT_DATABASE"] = database.Connection });
            Assert.True(code == 0, output);
        }
        await desk.SayAsync(0, "answers", "keygen", desk.Key);
        Directory.CreateDirectory(Path.Combine(desk.Folder, "image", "keys"));
        System.IO.File.Copy(desk.Key + ".pub", Path.Combine(desk.Folder, "image", "keys", "author.pem"));
        return desk;
    }

    /// <summary>Writes the file and signs it as it is then.</summary>
    public async Task WriteAsync(string text)
    {
        await System.IO.File.WriteAllTextAsync(File, text);
        await SayAsync(0, "answers", "sign", File, Key);
    }

    public Task<string> ApplyAsync(int code, params string[] more) =>
        SayAsync(code, ["answers", "apply", File, "--keys", Path.Combine(Folder, "image"), .. more]);

    public Task<(int Code, string Output)> RunAsync(params string[] line) =>
        CirtProcess.RunAsync(line, new Dictionary<string, string?> { ["CIRT_DATA"] = Data, ["CIRT_DATABASE"] = null });

    public async Task<string> SayAsync(int code, params string[] line)
    {
        var (ended, output) = await RunAsync(line);
        Assert.True(ended == code, $"cirt {string.Join(' ', line)} ended with {ended}:\n{output}");
        return output;
    }

    public async Task<string> AskAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_database?.Connection ?? Host.Database);
        await connection.OpenAsync();
        await using var ask = new NpgsqlCommand(sql, connection);
        return (await ask.ExecuteScalarAsync())?.ToString() ?? "";
    }

    /// <summary>Everything that a file could have changed, as one number and one list of files.</summary>
    public async Task<string> StateAsync() =>
        await AskAsync("select concat_ws(' ', (select count(*) from audit.entries), (select count(*) from identity.users), (select count(*) from directory.constituents), (select count(*) from uplink.peers), (select count(*) from kernel.settings))")
        + string.Join(',', new[] { "config.json", "site.json" }.Where(name => System.IO.File.Exists(Path.Combine(Data, name))));

    /// <summary>Opens the page behind a code and chooses a password there; answers where the page leads.</summary>
    public async Task<string?> EnrolAsync(string code, string password)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Host.Http };
        client.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        var page = await client.GetStringAsync(new Uri($"/invite/{code}", UriKind.Relative));
        if (Token().Match(page) is not { Success: true } token)
            return null;
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["token"] = code, ["password"] = password, ["language"] = "en", ["next"] = "/", ["__RequestVerificationToken"] = WebUtility.HtmlDecode(token.Groups[1].Value),
        });
        using var answer = await client.PostAsync(new Uri("/account/invite", UriKind.Relative), form);
        return answer.Headers.Location?.OriginalString;
    }

    public static string HashOf(string code) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(code)));

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]+)\"", RegexOptions.NonBacktracking)]
    private static partial Regex Token();
}
