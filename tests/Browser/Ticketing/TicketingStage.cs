using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Ticketing;

/// <summary>What the tests of this folder begin with: one host with the people of the sample country, the API as each of them, and steps that are counted. A step is a click, a chord or a typed field.</summary>
public abstract class TicketingStage : IAsyncLifetime
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private readonly Lazy<IReadOnlyList<DemoPerson>> _people;

    protected TicketingStage() => _people = new(() => DemoPeople.Load(new DataFolder(Host.Data))!);

    protected static LocatorAssertionsToBeVisibleOptions Soon { get; } = new() { Timeout = 30_000 };

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected HostProcess Host { get; private set; } = null!;

    /// <summary>Steps taken so far.</summary>
    protected int Steps { get; set; }

    /// <summary>The API as amina, an analyst.</summary>
    private protected DemoApi Amina => Api("amina");

    public async ValueTask InitializeAsync()
    {
        var settings = new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" };
        await PrepareAsync(settings);
        Host = await HostProcess.StartAsync(settings);
        var (code, output) = await Host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        await FillAsync();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _http.Dispose();
        await Host.DisposeAsync();
        await EndAsync();
    }

    /// <summary>What stands around the host, and its settings.</summary>
    protected virtual Task PrepareAsync(Dictionary<string, string?> settings) => Task.CompletedTask;

    /// <summary>What lies in the host before the first step.</summary>
    protected virtual Task FillAsync() => Task.CompletedTask;

    /// <summary>Ends what was prepared.</summary>
    protected virtual ValueTask EndAsync() => ValueTask.CompletedTask;

    private protected DemoApi Api(string person) => new(_http, Host.Http, _people.Value.Single(p => p.Name == person).Token);

    protected static object Trace(string type, string value) => new { type, value };

    protected Task PressAsync(IPage page, string key)
    {
        Steps++;
        return page.Keyboard.PressAsync(key);
    }

    protected Task ClickAsync(ILocator what)
    {
        Steps++;
        return what.ClickAsync(new() { Timeout = 30_000 });
    }

    /// <summary>Rows of <c>ticketing.</c> that <paramref name="what"/> names.</summary>
    protected Task<long> CountAsync(string what) => CaseStage.CountAsync(Host, $"select count(*) from ticketing.{what}");
}
