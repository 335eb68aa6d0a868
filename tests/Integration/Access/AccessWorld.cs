using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Appliance.Contracts;
using Appliance.Host.Composition;
using Appliance.Host.Demo;
using Appliance.Integration.Sensing;
using Appliance.Kernel.Data;
using Appliance.Kernel.Identity;
using Appliance.Tests;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Access;

/// <summary>
/// One host for all tests of access: a person with a token for every role, and something in every marked table. <see cref="Canary"/> stands in every text
/// of every marked row, and every marked row is TLP:RED and names nobody who asks.
/// </summary>
public sealed class AccessWorld : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private readonly Dictionary<Role, string> _tokens = [];
    private readonly Dictionary<Role, Guid> _ids = [];
    private readonly Dictionary<Role, SignedIn> _windows = [];
    private AuthenticationHeaderValue _peer = null!;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Everybody's password.</summary>
    private const string Password = "quiet river lantern 9";

    /// <summary>A word that nobody of <see cref="People"/> may read.</summary>
    public static string Canary => "zyxcanary";

    /// <summary>The roles of people.</summary>
    public static IReadOnlyList<Role> People { get; } = [.. Enum.GetValues<Role>().Where(r => r != Role.Peer)];

    /// <summary>Who holds each role.</summary>
    public IReadOnlyDictionary<Role, Guid> Ids => _ids;

    /// <summary>The host.</summary>
    public HostProcess Host { get; private set; } = null!;

    /// <summary>The database as its owner.</summary>
    public NpgsqlDataSource Database { get; private set; } = null!;

    /// <summary>Values for route parameters: keys of marked rows, by schema.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Keys { get; private set; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true", ["kernel__mail__sendmail"] = "/bin/true", ["kernel__api__requestsPerMinute"] = "100000" });
        Database = NpgsqlDataSource.Create(Host.Database);
        await MakePeopleAsync();
        // Before any test posts forms: an address may send so many a minute, and all tests here have the same.
        foreach (var role in People)
            _windows[role] = await SignedIn.AsAsync(Host.Http, role.ToString().ToLowerInvariant(), Password);
        await FillAsync(CancellationToken.None);
        await RedAsync();
    }

    /// <summary>Asks as a role, or as a stranger.</summary>
    public async Task<(int Status, string Body)> AskAsync(Role? role, string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Host.Http, path));
        if (role is { } known)
            request.Headers.Authorization = known == Role.Peer ? _peer : new AuthenticationHeaderValue("Bearer", _tokens[known]);
        // As a program: a refusal is a status and not a page to log in.
        request.Headers.Accept.ParseAdd("application/json");
        if (method != "GET")
            request.Content = new StringContent(body ?? "{}", Encoding.UTF8, "application/json");
        using var answer = await _http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        foreach (var window in _windows.Values)
            window.Dispose();
        if (Database is not null)
            await Database.DisposeAsync();
        if (Host is not null)
            await Host.DisposeAsync();
    }

    /// <summary>Asks for a page as the browser of a role that signed in with its password does.</summary>
    public async Task<(int Status, string Body)> BrowseAsync(Role role, string path)
    {
        using var answer = await _windows[role].GetAsync(path, CancellationToken.None);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Gives every marked row this marking, readable by name for <paramref name="named"/>.</summary>
    public async Task MarkAsync(Tlp tlp, IEnumerable<Guid> named)
    {
        var names = string.Join(',', named.Select(n => $"'{n}'"));
        foreach (var table in await MarkedTablesAsync())
            await TryAsync($"update {table} set tlp = {(short)tlp}, named = array[{names}]::uuid[]");
    }

    /// <summary>Makes every marked row RED for somebody else again.</summary>
    public Task HideAsync() => MarkAsync(Tlp.Red, [Guid.NewGuid()]);

    /// <summary>Tables with a marking.</summary>
    public async Task<IReadOnlyList<string>> MarkedTablesAsync() => await TextsAsync(
        """
        select format('%I.%I', n.nspname, c.relname)
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and not c.relispartition and exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'tlp' and not a.attisdropped)
        order by 1
        """);

    /// <summary>One column of text.</summary>
    public async Task<IReadOnlyList<string>> TextsAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        List<string> texts = [];
        while (await reader.ReadAsync())
            texts.Add(reader.GetValue(0).ToString()!);
        return texts;
    }

    private async Task MakePeopleAsync()
    {
        var data = new DataFolder(Host.Data);
        await using var services = VerbServices.Build(new ModuleCatalog(), data, DatabaseAccess.Load(data.DatabaseAccessFile), out _);
        foreach (var role in People)
        {
            await using var scope = services.CreateAsyncScope();
            var system = Viewer.System("test");
            var name = role.ToString().ToLowerInvariant();
            var organisation = role == Role.Constituent ? new ConstituentId(Guid.NewGuid()) : (ConstituentId?)null;
            var invited = await scope.ServiceProvider.GetRequiredService<InviteUser>().RunAsync(system, new(name, name, "", [role], organisation), CancellationToken.None);
            Assert.True(invited.Succeeded, invited.Succeeded ? "" : invited.Refusals[0].Key);
            var accepted = await scope.ServiceProvider.GetRequiredService<AcceptInvitation>().RunAsync(system, new(invited.Value.Path["/invite/".Length..], Password, "en"), CancellationToken.None);
            Assert.True(accepted.Succeeded, accepted.Succeeded ? "" : accepted.Refusals[0].Key);
            List<Permission> rights = [.. AccessMap.Granted(role).Select(p => new Permission(p)), Permission.SignedIn];
            var issued = await scope.ServiceProvider.GetRequiredService<IssueToken>().RunAsync(system, new($"{name}-token", TokenKind.Bearer, rights, TimeSpan.FromDays(1), null, invited.Value.User), CancellationToken.None);
            Assert.True(issued.Succeeded, issued.Succeeded ? "" : issued.Refusals[0].Key);
            (_tokens[role], _ids[role]) = (issued.Value.Secret, invited.Value.User.Value);
        }

        await using var last = services.CreateAsyncScope();
        List<Permission> ofPeers = [.. AccessMap.Granted(Role.Peer).Select(p => new Permission(p))];
        var peer = await last.ServiceProvider.GetRequiredService<IssueToken>().RunAsync(Viewer.System("test"), new("peer", TokenKind.Basic, ofPeers, TimeSpan.FromDays(1), PeerId.New()), CancellationToken.None);
        Assert.True(peer.Succeeded, peer.Succeeded ? "" : peer.Refusals[0].Key);
        _peer = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"peer:{peer.Value.Secret}")));
    }

    /// <summary>Does with the real acts what people do, so that every module has its rows. A marked table that stays empty fails a test: bring something into it here.</summary>
    private async Task FillAsync(CancellationToken cancel)
    {
        var (analyst, manager) = (Api(Role.Analyst), Api(Role.Manager));
        var spool = new SensorSpool(Host.SensorFolder);
        spool.Put("alerts", Enumerable.Range(1, 4).Select(n => SensorSpool.Alert(n, signature: Canary)));
        spool.Put("events", Enumerable.Range(1, 4).Select(n => SensorSpool.Dns(n, $"{Canary}.example")));
        const string Sheet = "name,sector,networks,domains,contact_name,contact_mail,contact_purpose,language\nMinistry of Finance,government,192.0.2.0/26,finance.example,Duty officer,soc@finance.example,security,en\n";
        var preview = await manager.PostAsync("directory/imports", new StringContent(Sheet, Encoding.UTF8, "text/csv"), cancel);
        await manager.PostAsync($"directory/imports/{preview!["id"]}/apply", new { }, cancel);
        var groups = await analyst.AwaitAsync("sensing/groups", a => Items(a).Count() == 4 ? a : null, s_patience, cancel);
        await analyst.PostAsync("sensing/groups/escalate", new { ids = new[] { First(groups)!["id"]!.ToString() } }, cancel);
        var incident = await analyst.AwaitAsync("ticketing/incidents", First, s_patience, cancel);
        await analyst.PostAsync($"ticketing/incidents/{incident["id"]}/notes", new { text = $"{Canary} note" }, cancel);
        await analyst.PostAsync($"ticketing/incidents/{incident["id"]}/evidence?name={Canary}.bin&from={Canary}", new StringContent($"{Canary} bytes"), cancel);
        await analyst.PostAsync($"ticketing/incidents/{incident["id"]}/tasks", new { title = $"{Canary} task", text = Canary }, cancel);
        await analyst.PostAsync($"ticketing/incidents/{incident["id"]}/notice-files?name={Canary}.txt", new StringContent($"{Canary} file"), cancel);
        await analyst.PostAsync($"ticketing/incidents/{incident["id"]}/template", new { name = $"{Canary} template", title = Canary, summary = Canary }, cancel);
        await analyst.PostAsync("ticketing/incidents", new { title = $"{Canary} title", summary = Canary, severity = 2 }, cancel);
        await analyst.PostAsync("ticketing/reports", new { subject = $"{Canary} report", text = Canary, sender = "x@example.org" }, cancel);
        var fields = new { title = $"{Canary} advisory", severity = 2, tlp = "amber", summary = Canary, body = $"## {Canary}" };
        await analyst.PostAsync("watch/advisories", new { fields }, cancel);
        await manager.PostAsync("uplink/peers", new { name = "Regional Response Centre", role = "hub", ceiling = "amber", trust = "trusted" }, cancel);
        await analyst.PostAsync("ticketing/handovers", new { text = Canary, incidents = new[] { incident["id"]!.ToString() } }, cancel);
        await using var sample = File.OpenRead(Checkout.At("modules", "Sensing", "Module", "Samples", "sample-case.pcap"));
        await manager.PostAsync($"sensing/captures?name={Canary}.pcap", new StreamContent(sample), cancel);
        foreach (var plant in Plants.Sql)
        {
            await using var command = Database.CreateCommand(plant.Replace("CANARY", Canary, StringComparison.Ordinal));
            Assert.Equal(1, await command.ExecuteNonQueryAsync(cancel));
        }
    }

    /// <summary>Marks every marked row RED for somebody else, and puts the canary into every text of it and of the rows that hang on it.</summary>
    private async Task RedAsync()
    {
        await HideAsync();
        foreach (var table in await MarkedTablesAsync())
        {
            foreach (var owner in await TextsAsync($"select '{table}' union select distinct conrelid::regclass::text from pg_constraint where contype = 'f' and confrelid = '{table}'::regclass"))
            {
                foreach (var column in await TextsAsync($"select attname from pg_attribute where attrelid = '{owner}'::regclass and attnum > 0 and not attisdropped and atttypid = 'text'::regtype and attname not in ('number', 'file')"))
                    await TryAsync($"update {owner} set {column} = '{Canary}-' || {column}");
                foreach (var column in await TextsAsync($"select attname from pg_attribute where attrelid = '{owner}'::regclass and attnum > 0 and not attisdropped and atttypid = 'jsonb'::regtype"))
                    await TryAsync($"update {owner} set {column} = {column} || jsonb_build_object('canary', '{Canary}')");
            }
        }

        var keys = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var table in await MarkedTablesAsync())
        {
            List<string> found = keys.TryGetValue(table.Split('.')[0], out var known) ? [.. known] : [];
            foreach (var column in await TextsAsync($"select attname from pg_attribute where attrelid = '{table}'::regclass and not attisdropped and (attname = 'number' or attname = 'id' and atttypid = 'uuid'::regtype)"))
                found.AddRange(await TextsAsync($"select {column} from {table} order by 1 limit 1"));
            keys[table.Split('.')[0]] = [.. found.Distinct()];
        }

        Keys = keys;
    }

    // A column with a rule of its own (a state, a key, a hash) refuses the canary; it is no text of a stranger.
    private async Task TryAsync(string sql)
    {
        try
        {
            await using var command = Database.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }
        catch (PostgresException refused) when (refused.SqlState.StartsWith("23", StringComparison.Ordinal) || refused.SqlState.StartsWith("42", StringComparison.Ordinal) || refused.SqlState.StartsWith("22", StringComparison.Ordinal) || refused.SqlState == PostgresErrorCodes.RaiseException)
        {
            TestContext.Current.SendDiagnosticMessage($"{sql}: {refused.MessageText}");
        }
    }

    /// <summary>A service of the host's own composition, over the same database.</summary>
    public async Task<TAnswer> InScopeAsync<TService, TAnswer>(Func<TService, Task<TAnswer>> ask)
        where TService : notnull
    {
        var data = new DataFolder(Host.Data);
        await using var services = VerbServices.Build(new ModuleCatalog(), data, DatabaseAccess.Load(data.DatabaseAccessFile), out _);
        await using var scope = services.CreateAsyncScope();
        return await ask(scope.ServiceProvider.GetRequiredService<TService>());
    }

    private DemoApi Api(Role role) => new(_http, Host.Http, _tokens[role]);

    private static JsonNode? First(JsonNode? answer) => Items(answer).FirstOrDefault();

    private static IEnumerable<JsonNode> Items(JsonNode? answer) => ((answer as JsonArray) ?? answer?["items"]?.AsArray() ?? []).OfType<JsonNode>();
}

/// <summary>One host for all tests of access.</summary>
[CollectionDefinition("access")]
public sealed class AccessCollection : ICollectionFixture<AccessWorld>;
