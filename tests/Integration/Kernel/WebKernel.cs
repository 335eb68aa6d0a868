using System.Net;
using System.Net.Sockets;
using Appliance.Contracts;
using Appliance.Kernel;
using Appliance.Kernel.Data;
using Appliance.Kernel.Identity;
using Appliance.Kernel.Migrations;
using Appliance.Kernel.Modules;
using Appliance.Tests;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Appliance.Integration.Kernel;

/// <summary>The kernel behind a real web server on loopback, with its own endpoints and two more: a form's token, and who is asking.</summary>
internal sealed class WebKernel : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly string _folder;
    private readonly WebApplication _app;

    private WebKernel(TestDatabase database, string folder, WebApplication app, MovedTime time) => (_database, _folder, _app, Time) = (database, folder, app, time);

    public MovedTime Time { get; }

    public IServiceProvider Services => _app.Services;

    public Database Database => Services.GetRequiredService<Database>();

    public Uri Address => new(_app.Urls.First());

    public static async Task<WebKernel> StartAsync(bool plainLoopback = true)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["kernel:plainLoopback"] = plainLoopback ? "true" : "false", ["kernel:mail:sendmail"] = "/bin/true" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var services = builder.Services;
        services.AddRouting();
        services.AddLogging();
        var modules = new ModuleSet([ModuleBuilder.Describe(new KernelModule(), services), ModuleBuilder.Describe(new ProbeModule(), services)]);
        services.AddSingleton(modules);
        var database = await TestDatabase.FromAsync($"web kernel {typeof(Database).Assembly.ManifestModule.ModuleVersionId} {typeof(WebKernel).Assembly.ManifestModule.ModuleVersionId}", async connection =>
        {
            await using var owner = NpgsqlDataSource.Create(connection);
            await new Migrator(NullLogger<Migrator>.Instance).RunAsync(owner, modules, CancellationToken.None);
        });
        await using (var owner = NpgsqlDataSource.Create(database.Connection))
            services.AddSingleton(NpgsqlDataSource.Create((await DatabaseRoles.ApplyAsync(owner, modules, null, CancellationToken.None)).AppConnection()));
        var folder = Directory.CreateTempSubdirectory("cirt-web-").FullName;
        services.AddSingleton(new DataFolder(folder)).AddSingleton<Database>();
        // What is tested here is asked for; workers have tests of their own.
        services.RemoveAll<IHostedService>();
        services.AddKernelIdentity();
        services.AddSingleton<IText>(new TestText(typeof(Database).Assembly));
        var time = new MovedTime();
        services.AddSingleton<TimeProvider>(time);
        var app = builder.Build();
        app.UseRouting();
        app.UseKernelIdentity();
        app.MapGet("/form", (HttpContext http, IAntiforgery forgery) => forgery.GetAndStoreTokens(http).RequestToken);
        app.MapGet("/me", async (ICurrentViewer current, CancellationToken cancel) =>
            await current.FindAsync(cancel) is { } viewer
                ? Results.Text($"{viewer.Name}|{string.Join(',', viewer.Roles)}|{string.Join(',', viewer.Permissions.Where(p => p.StartsWith("probe.", StringComparison.Ordinal)).Order())}|{viewer.Peer?.ToString()}")
                : Results.Unauthorized());
        app.MapGet("/rights", async (ICurrentViewer current, CancellationToken cancel) => $"Permission {string.Join(',', (await current.FindAsync(cancel))!.Permissions.Order(StringComparer.Ordinal))}");
        app.MapGet("/totp/begin", async (ICurrentViewer current, BeginTotp begin, CancellationToken cancel) => (await begin.RunAsync((await current.FindAsync(cancel))!, default, cancel)).Value.Secret);
        app.MapGet("/totp/enable", async (ICurrentViewer current, EnableTotp enable, string code, CancellationToken cancel) => (await enable.RunAsync((await current.FindAsync(cancel))!, code, cancel)).Succeeded ? "ok" : "refused");
        foreach (var endpoint in modules.Modules.SelectMany(m => m.Endpoints).Where(e => e.PublicReason is not null || e.Path.StartsWith("/account/", StringComparison.Ordinal)))
            app.MapMethods(endpoint.Path, [endpoint.Method], endpoint.Handler);
        await app.StartAsync();
        return new WebKernel(database, folder, app, time);
    }

    /// <summary>A browser: keeps cookies, follows nothing.</summary>
    /// <param name="from">Address of loopback that it calls from; the usual one by default.</param>
    /// <param name="agent">Its User-Agent header; none by default.</param>
    public Browser Open(string? from = null, string? agent = null) => new(Address, from, agent);

    /// <summary>Runs an act or query as <paramref name="viewer"/> in a scope of its own.</summary>
    public async Task<Outcome<TAnswer>> ActAsync<TAct, TRequest, TAnswer>(Viewer viewer, TRequest request)
        where TAct : Appliance.Kernel.Acts.Act<TRequest, TAnswer>
    {
        await using var scope = Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<TAct>().RunAsync(viewer, request, CancellationToken.None);
    }

    /// <summary>Runs a query as <paramref name="viewer"/> in a scope of its own.</summary>
    public async Task<Outcome<TAnswer>> AskAsync<TQuery, TRequest, TAnswer>(Viewer viewer, TRequest request)
        where TQuery : Appliance.Kernel.Acts.Query<TRequest, TAnswer>
    {
        await using var scope = Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<TQuery>().RunAsync(viewer, request, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>What a browser does with the forms.</summary>
internal sealed class Browser(Uri address, string? from, string? agent) : IDisposable
{
    private readonly CookieContainer _cookies = new();
    private HttpClient? _client;

    public CookieContainer Cookies => _cookies;

    private HttpClient Client => _client ??= Make();

    /// <summary>The session cookie's value, or null.</summary>
    public string? Session => _cookies.GetCookies(address)["cirt-plain"]?.Value;

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => Client.SendAsync(request);

    public Task<string> MeAsync() => GetAsync("/me");

    /// <summary>Where a plain GET leads.</summary>
    public async Task<string> LeadsAsync(string path)
    {
        using var answer = await Client.GetAsync(new Uri(path, UriKind.Relative));
        return answer.Headers.Location?.OriginalString ?? ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The text behind a path, or the status.</summary>
    public async Task<string> GetAsync(string path)
    {
        using var answer = await Client.GetAsync(new Uri(path, UriKind.Relative));
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync() : ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Posts a form with its token and answers where it leads.</summary>
    public async Task<string> PostAsync(string path, params (string Name, string Value)[] fields)
    {
        var token = await Client.GetStringAsync(new Uri("/form", UriKind.Relative));
        return await PostBareAsync(path, [.. fields, ("__RequestVerificationToken", token)]);
    }

    /// <summary>Posts a form without its token.</summary>
    public async Task<string> PostBareAsync(string path, params (string Name, string Value)[] fields)
    {
        using var form = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        using var answer = await Client.PostAsync(new Uri(path, UriKind.Relative), form);
        return answer.Headers.Location?.OriginalString ?? ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    public Task<string> LogInAsync(string name, string password, string next = "/") => PostAsync("/account/login", ("name", name), ("password", password), ("next", next));

    public void Dispose() => _client?.Dispose();

    private HttpClient Make()
    {
        var handler = new SocketsHttpHandler { CookieContainer = _cookies, AllowAutoRedirect = false };
        if (from is not null)
            handler.ConnectCallback = async (context, cancel) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(context.DnsEndPoint, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            };
        var client = new HttpClient(handler) { BaseAddress = address };
        if (agent is not null)
            client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", agent);
        return client;
    }
}
