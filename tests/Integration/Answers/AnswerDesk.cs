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
    private AnswerDesk(HostProcess host, string folder) => (Host, Folder) = (host, folder);

    public HostProcess Host { get; }

    public string Folder { get; }

    public string Key => Path.Combine(Folder, "author.pem");

    public string File => Path.Combine(Folder, "answers.yaml");

    public static async Task<AnswerDesk> OpenAsync()
    {
        var host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        var desk = new AnswerDesk(host, Directory.CreateTempSubdirectory("cirt-answers-").FullName);
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

    public async Task<string> SayAsync(int code, params string[] line)
    {
        var (ended, output) = await Host.RunAsync(line);
        Assert.True(ended == code, $"cirt {string.Join(' ', line)} ended with {ended}:\n{output}");
        return output;
    }

    public async Task<string> AskAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Host.Database);
        await connection.OpenAsync();
        await using var ask = new NpgsqlCommand(sql, connection);
        return (await ask.ExecuteScalarAsync())?.ToString() ?? "";
    }

    /// <summary>Everything that a file could have changed, as one number and one list of files.</summary>
    public async Task<string> StateAsync() =>
        await AskAsync("select concat_ws(' ', (select count(*) from audit.entries), (select count(*) from identity.users), (select count(*) from directory.constituents), (select count(*) from uplink.peers), (select count(*) from kernel.settings))")
        + string.Join(',', new[] { "config.json", "site.json" }.Where(name => System.IO.File.Exists(Path.Combine(Host.Data, name))));

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
        await Host.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]+)\"", RegexOptions.NonBacktracking)]
    private static partial Regex Token();
}
