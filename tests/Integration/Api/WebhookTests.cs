using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Appliance.Integration.Api;

/// <summary>Webhooks from a fact to the program that is told: signed, repeated, rotated, replayed, and never sent inside.</summary>
public sealed class WebhookTests(ApiHost api) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task A_fact_is_told_signed_again_after_a_failure_and_with_both_secrets_after_a_rotation()
    {
        using var program = new Program(api.Port) { Status = 503 };
        var made = await api.SendAsync("POST", "kernel/webhooks", Sheet("mirror", $"http://127.0.0.1:{api.Port}/hook"));
        Assert.Equal(200, made.Status);
        var (id, secret) = ((string)made.Json["id"]!, (string)made.Json["secret"]!);
        await OpenAsync("Told once refused");
        var refused = await program.TakeAsync();
        Assert.Equal("ticketing.incident-opened", refused.Event);
        Assert.Equal("ticketing.incident-opened", (string)refused.Json["name"]!);
        Assert.Equal(["exercise", "id", "name", "occurredAt", "subject", "tlp", "version"], refused.Json.AsObject().Select(m => m.Key).Order(StringComparer.Ordinal));
        Assert.True(refused.IsSignedBy(secret));
        Assert.False(refused.IsSignedBy(secret + "x"));

        // The other side is well again: the next try, ten seconds later, is taken and noted.
        program.Status = 200;
        var taken = await program.TakeAsync();
        Assert.Equal((refused.Delivery, refused.Body), (taken.Delivery, taken.Body));
        var line = await LineAsync(id, l => (string)l["state"]! == "delivered");
        Assert.Equal((2, 200), ((int)line["tries"]!, (int)line["status"]!));

        var renewed = (string)(await api.SendAsync("POST", $"kernel/webhooks/{id}/secret")).Json["secret"]!;
        Assert.Equal(204, (await api.SendAsync("POST", $"kernel/webhooks/deliveries/{line["id"]}/replay")).Status);
        var again = await program.TakeAsync();
        Assert.Equal(taken.Delivery, again.Delivery);
        Assert.True(again.IsSignedBy(secret) && again.IsSignedBy(renewed));
        Assert.DoesNotContain(secret, (await api.SendAsync("GET", "kernel/webhooks")).Text, StringComparison.Ordinal);
        Assert.Equal(204, (await api.SendAsync("DELETE", $"kernel/webhooks/{id}")).Status);
    }

    [Fact]
    public async Task Inside_addresses_are_not_called_however_they_are_written()
    {
        using var program = new Program(api.Port);
        foreach (var url in new[] { "http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost:1/", "http://169.254.169.254/latest", "http://2130706433:1/" })
        {
            var id = (string)(await api.SendAsync("POST", "kernel/webhooks", Sheet($"inside {url}"[..Math.Min(60, url.Length + 7)], url))).Json["id"]!;
            await OpenAsync($"For {url}");
            var line = await LineAsync(id, l => (int)l["tries"]! > 0 && l["answer"] is not null);
            Assert.Null(line["status"]);
            Assert.Contains("not on the public Internet", (string)line["answer"]!, StringComparison.Ordinal);
            await api.SendAsync("DELETE", $"kernel/webhooks/{id}");
        }
        foreach (var url in new[] { "ftp://mirror.example/", "file:///etc/passwd", "http://user:word@mirror.example/", "mirror.example", "javascript:alert(1)" })
            Assert.Equal(400, (await api.SendAsync("POST", "kernel/webhooks", Sheet("bad", url))).Status);
        Assert.Equal(400, (await api.SendAsync("POST", "kernel/webhooks", new JsonObject { ["name"] = "bad", ["url"] = "https://mirror.example/", ["events"] = new JsonArray("no.such-event") })).Status);
    }

    private static JsonObject Sheet(string name, string url) => new() { ["name"] = name, ["url"] = url, ["events"] = new JsonArray("ticketing.incident-opened") };

    private async Task OpenAsync(string title) =>
        Assert.Equal(200, (await api.SendAsync("POST", "ticketing/incidents", new JsonObject { ["title"] = title }, "amina")).Status);

    private async Task<JsonNode> LineAsync(string webhook, Func<JsonNode, bool> wanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            var answer = await api.SendAsync("GET", $"kernel/webhooks/{webhook}/deliveries");
            if (answer.Json["items"]!.AsArray().FirstOrDefault(l => wanted(l!)) is { } line)
                return line;
            await Task.Delay(300, limit.Token);
        }
    }

    /// <summary>The program elsewhere.</summary>
    private sealed class Program : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly BlockingCollection<Told> _told = [];

        public Program(int port)
        {
            _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            _listener.Start();
            _ = ListenAsync();
        }

        public int Status { get; set; } = 200;

        public Task<Told> TakeAsync() => Task.Run(() => _told.TryTake(out var told, TimeSpan.FromSeconds(40)) ? told : throw new TimeoutException("nothing was told"));

        public void Dispose()
        {
            _listener.Close();
            _told.Dispose();
        }

        private async Task ListenAsync()
        {
            while (_listener.IsListening)
            {
                try
                {
                    var context = await _listener.GetContextAsync();
                    using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
                    _told.Add(new(context.Request.Headers["Cirt-Event"]!, context.Request.Headers["Cirt-Delivery"]!, context.Request.Headers["Cirt-Signature"]!, await reader.ReadToEndAsync()));
                    context.Response.StatusCode = Status;
                    context.Response.Close();
                }
                catch (Exception fault) when (fault is HttpListenerException or ObjectDisposedException or InvalidOperationException)
                {
                    return;
                }
            }
        }
    }

    private sealed record Told(string Event, string Delivery, string Signature, string Body)
    {
        public JsonNode Json => JsonNode.Parse(Body)!;

        /// <summary>What the documentation tells a program to do.</summary>
        public bool IsSignedBy(string secret)
        {
            var parts = Signature.Split(',').Select(p => p.Split('=', 2)).ToList();
            var time = parts.Single(p => p[0] == "t")[1];
            var age = DateTimeOffset.UtcNow - DateTimeOffset.FromUnixTimeSeconds(long.Parse(time, System.Globalization.CultureInfo.InvariantCulture));
            var wanted = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{time}.{Body}")));
            return age < TimeSpan.FromMinutes(5) && parts.Any(p => p[0] == "v1" && p[1] == wanted);
        }
    }
}
