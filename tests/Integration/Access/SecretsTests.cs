using System.Net.Http.Headers;
using System.Text;
using Appliance.Contracts;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Access;

/// <summary>Twenty secrets are given to the host through every door that takes one, rightly and wrongly; none of them comes back in a log, an answer, an export or a metric.</summary>
[Collection("access")]
public sealed class SecretsTests(AccessWorld world)
{
    private static readonly string[] s_looked =
    [
        "/metrics", "/health", "/api/v1/openapi.json", "/api/v1/kernel/audit.csv", "/api/v1/kernel/audit.json", "/api/v1/kernel/audit?limit=200", "/api/v1/watch/feeds", "/api/v1/uplink/peers",
        "/api/v1/kernel/webhooks", "/admin/audit", "/admin/health", "/admin/jobs", "/admin/deliveries", "/admin/settings", "/admin/users", "/sense/rules", "/watch/feeds", "/share/peers",
    ];

    private readonly List<string> _answers = [];

    [Fact]
    public async Task Twenty_secrets_come_back_nowhere()
    {
        var secrets = Enumerable.Range(1, 20).Select(n => $"hush{n:00}{Guid.NewGuid():N}").ToArray();
        await GiveAsync(secrets);
        foreach (var path in s_looked)
            foreach (var role in new[] { Role.Administrator, Role.Manager, Role.Auditor })
                _answers.Add((await world.AskAsync(role, "GET", path)).Body);
        _answers.Add((await world.Host.RunAsync("doctor")).Output);
        _answers.Add((await world.Host.RunAsync("audit", "verify")).Output);
        _answers.Add(world.Host.Process.Output);
        _answers.AddRange(await world.TextsAsync("select e::text from audit.entries e"));
        _answers.AddRange(await world.TextsAsync("select e.body::text || coalesce(d.reason, '') from kernel.outbox_events e left join kernel.outbox_deliveries d on d.event_id = e.id"));
        _answers.AddRange(await world.TextsAsync("select message from jobs.runs"));

        Assert.Empty(secrets.Select((secret, n) => (secret, n)).Where(s => _answers.Any(a => a.Contains(s.secret, StringComparison.Ordinal))).Select(s => $"secret {s.n + 1}: {_answers.First(a => a.Contains(s.secret, StringComparison.Ordinal))[..Math.Min(300, _answers.First(a => a.Contains(s.secret, StringComparison.Ordinal)).Length)]}"));
    }

    private async Task GiveAsync(string[] secrets)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = world.Host.Http };
        // 1 to 4: what people type, also in the wrong field and with a form that is refused.
        await FormAsync(http, "/account/login", ("name", "analyst"), ("password", secrets[0]), ("next", "/"));
        await FormAsync(http, "/account/login", ("name", secrets[1]), ("password", "x"), ("next", "/"));
        await FormAsync(http, "/account/code", ("code", secrets[2]));
        await FormAsync(http, "/account/password", ("old", secrets[3]), ("new", secrets[3]));
        // 5 to 9: credentials of programs, well and badly formed.
        await SendAsync(http, "Bearer", secrets[4]);
        await SendAsync(http, "Bearer", $"cirt_{Guid.NewGuid():N}_{secrets[5]}");
        await SendAsync(http, "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"peer:{secrets[6]}")), "/taxii2/");
        await SendAsync(http, "Basic", secrets[7], "/taxii2/");
        await SendAsync(http, "Nonsense", secrets[8]);
        // 10 to 13: links that work once.
        foreach (var (path, n) in new[] { ("/invite/", 9), ("/setup?token=", 10), ("/reset/", 11), ("/account/reset/", 12) })
            _answers.Add(Redacted(await GetAsync(http, path + secrets[n]), path + secrets[n]));
        // 14 to 20: what the appliance keeps to show to others, and what it cannot read.
        var peer = (await world.TextsAsync("select id::text from uplink.peers limit 1"))[0];
        await GiveAsync("PUT", $"/api/v1/uplink/peers/{peer}/secret", $$"""{"kind":"basic","login":"hub","secret":"{{secrets[13]}}"}""");
        await GiveAsync("PUT", $"/api/v1/uplink/peers/{peer}/secret", $$"""{"kind":"{{secrets[14]}}","secret":"{{secrets[14]}}"}""");
        await GiveAsync("POST", "/api/v1/kernel/webhooks", $$"""{"name":"hook","url":"https://user:{{secrets[15]}}@hook.example/","events":["ticketing.incident-opened"]}""");
        await GiveAsync("POST", "/api/v1/watch/feeds", $$"""{"name":"feed","kind":"syndication","url":"https://user:{{secrets[16]}}@feed.example/"}""");
        await GiveAsync("PUT", $"/api/v1/uplink/peers/{peer}/secret", $$"""{"kind":"basic","secret":"{{secrets[17]}}" """);
        await GiveAsync("PUT", $"/api/v1/uplink/peers/{peer}/secret", $$"""["{{secrets[18]}}"]""");
        _answers.Add((await world.Host.RunAsync("token", "issue", "x", "--user", "nobody", "--days", "1", "--permission", secrets[19][..4])).Output);
    }

    private async Task GiveAsync(string method, string path, string body) => _answers.Add((await world.AskAsync(Role.Manager, method, path, body)).Body);

    private async Task FormAsync(HttpClient http, string path, params (string Name, string Value)[] fields)
    {
        using var form = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), form, TestContext.Current.CancellationToken);
        _answers.Add($"{answer.Headers.Location} {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
    }

    private async Task SendAsync(HttpClient http, string scheme, string credential, string path = "/api/v1/ticketing/incidents")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue(scheme, credential);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        _answers.Add($"{answer.Headers} {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
    }

    private static async Task<string> GetAsync(HttpClient http, string path)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The page of a link that works once carries it in its form, to whoever brought it.</summary>
    private static string Redacted(string body, string path) => body.Replace(path, "", StringComparison.Ordinal).Replace(path.Split('/', '=')[^1], "", StringComparison.Ordinal);
}
