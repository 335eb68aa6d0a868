using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Npgsql;

namespace Appliance.Tests.Case;

/// <summary>The stage of the case: a mail server, the national node and the centre, each a real host with its own database, and their people.</summary>
public sealed class CaseStage : IAsyncDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    private CaseStage(MailServer mail, HostProcess home, HostProcess centre) => (Mail, Home, Centre) = (mail, home, centre);

    public MailServer Mail { get; }

    public HostProcess Home { get; }

    public HostProcess Centre { get; }

    internal DemoApi Analyst => Api(Home, "amina");

    internal DemoApi Manager => Api(Home, "lee");

    internal DemoApi Officer => Api(Centre, "lee");

    public static async Task<CaseStage> SetAsync()
    {
        var mail = await MailServer.StartAsync();
        var home = await HostProcess.StartAsync(new Dictionary<string, string?>
        {
            ["kernel__plainLoopback"] = "true",
            ["kernel__mail__sendmail"] = $"{MailServer.Sendmail} -oi -f {{sender}}",
            ["kernel__mail__from"] = "cirt@samplia.example",
            ["uplink__nodeName"] = "Samplia CIRT",
            ["uplink__pullSeconds"] = "2",
        });
        var centre = await HostProcess.StartAsync(new Dictionary<string, string?>
        {
            ["kernel__plainLoopback"] = "true",
            ["kernel__http__allow__0"] = home.Http.Authority,
            ["uplink__role"] = "hub",
            ["uplink__nodeName"] = "Regional Response Centre",
            ["uplink__pullSeconds"] = "2",
        });
        foreach (var host in new[] { home, centre })
        {
            var (code, output) = await host.RunAsync("demo", "people");
            Assert.True(code == 0, output);
        }
        return new(mail, home, centre);
    }

    /// <summary>A browser in which <paramref name="person"/> is signed in.</summary>
    public static async Task<BrowserSession> SignInAsync(HostProcess host, string person, string language = "en")
    {
        var session = await BrowserSession.OpenAsync(host.Http, language);
        await session.Page.GotoAsync("/login");
        await session.Page.Locator("input[name=name]").FillAsync(person);
        await session.Page.Locator("input[name=password]").FillAsync(People(host).Single(p => p.Name == person).Password);
        await session.Page.Locator("form[action='/account/login'] button[type=submit]").ClickAsync();
        await session.Page.WaitForURLAsync(url => !url.Contains("/login", StringComparison.Ordinal));
        return session;
    }

    /// <summary>One number from the database of <paramref name="host"/>, as its superuser sees it.</summary>
    public static async Task<long> CountAsync(HostProcess host, string sql)
    {
        await using var connection = new NpgsqlConnection(host.Database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Centre.DisposeAsync();
        await Home.DisposeAsync();
        await Mail.DisposeAsync();
    }

    private static IReadOnlyList<DemoPerson> People(HostProcess host) => DemoPeople.Load(new DataFolder(host.Data))!;

    private DemoApi Api(HostProcess host, string person) => new(_http, host.Http, People(host).Single(p => p.Name == person).Token);
}
