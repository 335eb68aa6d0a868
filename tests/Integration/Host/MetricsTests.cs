using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Appliance.Host.Telemetry;
using Appliance.Kernel.Health;
using Appliance.Kernel.Modules;
using Appliance.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Host;

/// <summary>What a Prometheus server meets at /metrics.</summary>
public sealed partial class MetricsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scraper_with_a_token_reads_well_formed_text_and_nobody_else_does()
    {
        await using var host = await HostProcess.StartAsync();
        using var client = host.Client();
        using (var stranger = await client.GetAsync(new Uri("/metrics", UriKind.Relative), Cancel))
            Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(host));
        using (await client.GetAsync(new Uri("/health", UriKind.Relative), Cancel))
        {
            // So that the web server has counted something.
        }

        using var answer = await client.GetAsync(new Uri("/metrics", UriKind.Relative), Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.Matches(Line(), line));
        Assert.Equal(lines.Length, lines.Distinct().Count());
        Assert.Matches(new Regex("^http_server_request_duration_seconds_count\\{.*http_route=\"/health\".*\\} [1-9]", RegexOptions.Multiline | RegexOptions.NonBacktracking), text);
        Assert.Contains("\ncirt_health_state{check=\"kernel.health.database\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("dotnet_process_memory_working_set_bytes ", text, StringComparison.Ordinal);
        Assert.Contains("cirt_job_duration_seconds", text + await LaterAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Collector_gets_traces_and_logs_where_one_is_named_and_a_wrong_name_is_refused()
    {
        ConcurrentBag<string> got = [];
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        await using var collector = builder.Build();
        collector.Run(async http =>
        {
            using MemoryStream body = new();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            got.Add($"{http.Request.Path} {(body.Length > 0 ? "filled" : "empty")}");
        });
        await collector.StartAsync(Cancel);
        await using var host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["telemetry__otlp"] = collector.Urls.First() });
        using var client = host.Client();

        for (var i = 0; i < 60 && !(got.Contains("/v1/traces filled") && got.Contains("/v1/logs filled")); i++)
        {
            using var answer = await client.GetAsync(new Uri("/health", UriKind.Relative), Cancel);
            await Task.Delay(500, Cancel);
        }

        Assert.Contains("/v1/traces filled", got);
        Assert.Contains("/v1/logs filled", got);
        Assert.DoesNotContain(got, line => line.EndsWith("empty", StringComparison.Ordinal));

        var (code, output) = await CirtProcess.RunAsync(["serve"], new Dictionary<string, string?> { ["CIRT_DATA"] = host.Data, ["CIRT_telemetry__otlp"] = "not an address" });
        Assert.Equal(1, code);
        Assert.Contains("telemetry:otlp is 'not an address'", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_carry_units_and_counters_say_so()
    {
        Assert.Equal("cirt_outbox_deliveries_total", PrometheusText.NameOf("cirt.outbox.deliveries", "{delivery}", counter: true));
        Assert.Equal("http_server_request_duration_seconds", PrometheusText.NameOf("http.server.request.duration", "s", counter: false));
        Assert.Equal("dotnet_gc_last_collection_memory_committed_size_bytes", PrometheusText.NameOf("dotnet.gc.last_collection.memory.committed_size", "By", counter: false));
        Assert.Equal("_2xx_answers_total", PrometheusText.NameOf("2xx-answers_total", null, counter: true));
    }

    [Fact]
    public void Label_of_a_check_cannot_break_the_line()
    {
        HealthReport report = new(HealthState.Failed, DateTimeOffset.UnixEpoch, [new("a\"} 1\nb\\", new(HealthState.Failed, "x"), DateTimeOffset.UnixEpoch)]);

        Assert.Contains("cirt_health_state{check=\"a\\\"} 1\\nb\\\\\"} 2\n", Metrics.Health(report), StringComparison.Ordinal);
    }

    /// <summary>A job has run within ten seconds of the start.</summary>
    private static async Task<string> LaterAsync(HttpClient client)
    {
        var text = "";
        for (var i = 0; i < 40 && !text.Contains("cirt_job_duration_seconds", StringComparison.Ordinal); i++)
        {
            await Task.Delay(500, Cancel);
            text = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancel);
        }

        return text;
    }

    private static async Task<string> TokenAsync(HostProcess host)
    {
        Assert.Equal(0, (await host.RunAsync("user", "invite", "scraper", "--role", "auditor")).Code);
        // Accepting the invitation is another test's business.
        await using (var owner = new NpgsqlConnection(host.Database))
        {
            await owner.OpenAsync(Cancel);
            await using var accept = new NpgsqlCommand("update identity.users set state = 'active' where name = 'scraper'", owner);
            Assert.Equal(1, await accept.ExecuteNonQueryAsync(Cancel));
        }

        var (code, output) = await host.RunAsync("token", "issue", "prometheus", "--user", "scraper", "--days", "1", "--permission", "kernel.metrics.read");
        Assert.True(code == 0, output);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).First(line => line.Length > 30 && !line.Contains(' ', StringComparison.Ordinal));
    }

    [GeneratedRegex("""^(# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .*|[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*")*\})? (-?[0-9.eE+-]+|\+Inf|-Inf|NaN))$""", RegexOptions.NonBacktracking)]
    private static partial Regex Line();
}
