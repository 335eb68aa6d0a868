using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Identity;
using Appliance.Kernel.Modules;
using Appliance.Tests;
using Appliance.Uplink;
using Appliance.Uplink.Peers;
using Appliance.Uplink.Pull;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Appliance.Integration.Uplink;

/// <summary>A node of the exchange: the kernel and the uplink over a database of their own, with the TAXII endpoints on a real port of loopback.</summary>
/// <remarks>The endpoints are the module's own; credentials are checked by the kernel's tokens, as the host does.</remarks>
internal sealed class Node : IAsyncDisposable
{
    private static readonly AsyncLocal<Viewer?> s_caller = new();

    private readonly WebApplication _web;

    private Node(TestModules modules, WebApplication web, Uri address) => (Modules, _web, Address) = (modules, web, address);

    public TestModules Modules { get; }

    /// <summary>Where it answers.</summary>
    public Uri Address { get; }

    public Database Database => Modules.Database;

    public static async Task<Node> StartAsync(string name, NodeRole role, IReadOnlyDictionary<string, string?>? settings = null, Action<IServiceCollection>? configure = null)
    {
        var values = new Dictionary<string, string?>
        {
            ["uplink:nodeName"] = name,
            ["uplink:role"] = role.ToString(),
            ["uplink:pullSeconds"] = "1",
            ["kernel:http:allow:0"] = "127.0.0.0/8",
        };
        foreach (var (key, value) in settings ?? new Dictionary<string, string?>())
            values[key] = value;
        var keys = Directory.CreateTempSubdirectory("cirt-uplink-").FullName;
        var modules = await TestModules.StartAsync([new UplinkModule()], services =>
        {
            services.AddSingleton(new DataFolder(keys));
            services.AddSingleton<ICurrentViewer, Caller>();
            configure?.Invoke(services);
        }, values);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var web = builder.Build();
        web.Use(async (http, next) =>
        {
            await using var scope = modules.Services.CreateAsyncScope();
            (http.RequestServices, s_caller.Value) = (scope.ServiceProvider, await CallerOf(http, scope.ServiceProvider));
            if (s_caller.Value is null)
                http.Response.StatusCode = 401;
            else
                await next(http);
        });
        web.UseRouting();
        foreach (var endpoint in modules.Services.GetRequiredService<ModuleSet>().Modules.SelectMany(m => m.Endpoints).Where(e => e.Path.StartsWith("/taxii2", StringComparison.Ordinal)))
            web.MapMethods(endpoint.Path, [endpoint.Method], endpoint.Handler);
        await web.StartAsync();
        return new(modules, web, new(web.Urls.First()));
    }

    public T Get<T>()
        where T : notnull => Modules.Services.GetRequiredService<T>();

    /// <summary>Adds a trusted peer and issues it a credential for this node.</summary>
    public async Task<(PeerId Peer, Credential Credential)> BefriendAsync(string name, Tlp ceiling = Tlp.Amber, Func<PeerForm, PeerForm>? change = null)
    {
        var manager = Modules.Person("Manu", Role.Manager);
        var form = new PeerForm { Name = name, Role = "hub", Ceiling = ceiling, Trust = "trusted" };
        var peer = (await Get<AddPeer>().RunAsync(manager, change?.Invoke(form) ?? form, default)).Value;
        return (peer, (await Get<RotateCredentials>().RunAsync(manager, new(peer.Value), default)).Value);
    }

    /// <summary>Points this node at another one's server.</summary>
    public async Task<PeerId> FollowAsync(Node other, Credential credential)
    {
        var manager = Modules.Person("Manu", Role.Manager);
        var peer = (await Get<AddPeer>().RunAsync(manager, new() { Name = "Followed", Role = "national", Ceiling = Tlp.AmberStrict, Trust = "trusted", RootUrl = new Uri(other.Address, "taxii2/").ToString() }, default)).Value;
        await Get<SetPeerSecret>().RunAsync(manager, new(peer.Value, "basic", credential.Login, credential.Secret), default);
        return peer;
    }

    /// <summary>One round of the exchange, whatever is due.</summary>
    public async Task RoundAsync()
    {
        await Database.ExecuteAsync("update uplink.peers set next_pull_at = null", null, default);
        await Database.ExecuteAsync("update uplink.acknowledgements set due_at = now() - interval '1 second' where state = 'queued'", null, default);
        await ActivatorUtilities.CreateInstance<ExchangeService>(Modules.Services).RoundAsync(default);
        await ActivatorUtilities.CreateInstance<ExchangeService>(Modules.Services).RoundAsync(default);
    }

    /// <summary>A client as a foreign program would be: plain HTTP, nothing of ours.</summary>
    public HttpClient Foreign(Credential? credential = null, string? accept = "application/taxii+json;version=2.1")
    {
        var client = new HttpClient { BaseAddress = new(Address, "taxii2/") };
        if (credential is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.Login}:{credential.Secret}")));
        if (accept is not null)
            client.DefaultRequestHeaders.TryAddWithoutValidation("Accept", accept);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        await Modules.DisposeAsync();
    }

    private static async Task<Viewer?> CallerOf(HttpContext http, IServiceProvider services)
    {
        if (!AuthenticationHeaderValue.TryParse(http.Request.Headers.Authorization, out var header) || header is not { Scheme: "Basic", Parameter: { } given })
            return null;
        var parts = Encoding.UTF8.GetString(Convert.FromBase64String(given)).Split(':', 2);
        var tokens = services.GetRequiredService<Tokens>();
        return await tokens.CheckBasicAsync(parts[0], parts[1], default) is { } id ? await tokens.FindAsync(id, "basic", default) : null;
    }

    private sealed class Caller : ICurrentViewer
    {
        public ValueTask<Viewer?> FindAsync(CancellationToken cancel = default) => new(s_caller.Value);
    }
}
