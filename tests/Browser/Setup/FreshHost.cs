using System.Net;
using System.Text.RegularExpressions;

namespace Appliance.Tests.Setup;

/// <summary>A host that nobody has set up, its sensor beside it, and a small publisher of rules on loopback that it may call.</summary>
public sealed partial class FreshHost : IAsyncDisposable
{
    private readonly HttpListener _publisher = new();
    private readonly Task _publishing;

    private FreshHost(HostProcess host, HttpListener publisher, Uri rules, string link)
    {
        (Host, _publisher, Rules, Link) = (host, publisher, rules, link);
        _publishing = PublishAsync();
    }

    /// <summary>The host.</summary>
    public HostProcess Host { get; }

    /// <summary>Address of a rule file with two rules.</summary>
    public Uri Rules { get; }

    /// <summary>Path of the one-time link it printed.</summary>
    public string Link { get; }

    public static async Task<FreshHost> StartAsync()
    {
        var port = FreePort.Take();
        var publisher = new HttpListener();
        publisher.Prefixes.Add($"http://127.0.0.1:{port}/");
        publisher.Start();
        var host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__http__allow__0"] = $"127.0.0.1:{port}" });
        var line = await host.Process.LineAsync(l => l.Contains("/setup?token=", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        await host.StartSensorAsync();
        return new(host, publisher, new Uri($"http://127.0.0.1:{port}/team.rules"), LinkIn().Match(line).Value);
    }

    public async ValueTask DisposeAsync()
    {
        _publisher.Close();
        await _publishing;
        await Host.DisposeAsync();
    }

    private async Task PublishAsync()
    {
        const string Text =
            """
            alert http any any -> any any (msg:"Team rule one"; http.uri; content:"/one"; sid:4100001; rev:1;)
            alert http any any -> any any (msg:"Team rule two"; http.uri; content:"/two"; sid:4100002; rev:1;)
            """;
        while (_publisher.IsListening)
        {
            try
            {
                var context = await _publisher.GetContextAsync();
                await using var writer = new StreamWriter(context.Response.OutputStream);
                await writer.WriteAsync(Text);
            }
            catch (Exception fault) when (fault is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    [GeneratedRegex(@"/setup\?token=\S+")]
    private static partial Regex LinkIn();
}
