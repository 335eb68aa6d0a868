using Appliance.Contracts;
using Appliance.Kernel.Views;
using Appliance.Tests;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Integration.Kernel;

public sealed class SavedViewTests : IAsyncLifetime
{
    private TestModules _modules = null!;
    private Viewer _ana = null!;
    private Viewer _ben = null!;
    private Viewer _ada = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _modules = await TestModules.StartAsync([new ProbeModule()]);
        _ana = _modules.Person("Ana", Role.Analyst);
        _ben = _modules.Person("Ben", Role.Analyst);
        _ada = _modules.Person("Ada", Role.Administrator);
    }

    public ValueTask DisposeAsync() => _modules.DisposeAsync();

    [Fact]
    public async Task Own_view_is_one_s_own_and_a_shared_one_is_everybody_s_to_open_and_its_owner_s_to_remove()
    {
        await using var scope = _modules.Services.CreateAsyncScope();
        var views = scope.ServiceProvider.GetRequiredService<ISavedViews>();
        Assert.True((await views.SaveAsync(_ana, new("/tickets", "Mine", "?view=mine", false), Cancel)).Succeeded);
        Assert.True((await views.SaveAsync(_ana, new("/tickets", "Late", "?view=overdue", true), Cancel)).Succeeded);
        Assert.Equal(["Late", "Mine"], (await views.ListAsync(_ana, "/tickets", Cancel)).Select(v => v.Name));
        var seen = Assert.Single(await views.ListAsync(_ben, "/tickets", Cancel));
        Assert.Equal(("Late", "Ana", false), (seen.Name, seen.Owner, seen.Removable));
        Assert.Empty(await views.ListAsync(_ben, "/watch", Cancel));
        Assert.Equal("kernel.view.none", (await views.RemoveAsync(_ben, seen.Id, Cancel)).Refusals[0].Key);

        // The same name again replaces; an administrator may tidy up what is shared.
        Assert.True((await views.SaveAsync(_ana, new("/tickets", "Late", "?view=overdue&q=x", true), Cancel)).Succeeded);
        Assert.Equal("?view=overdue&q=x", (await views.ListAsync(_ben, "/tickets", Cancel)).Single().Query);
        Assert.True((await views.RemoveAsync(_ada, seen.Id, Cancel)).Succeeded);
        Assert.Equal("Mine", (await views.ListAsync(_ana, "/tickets", Cancel)).Single().Name);
        Assert.Equal(4, await _modules.Database.FindAsync<int>("select count(*)::int from audit.entries where action like 'kernel.view.%'", null, Cancel));
    }

    [Theory]
    [InlineData("/tickets", "", "", "kernel.view.name")]
    [InlineData("/tickets", "a\u0007b", "", "kernel.view.name")]
    [InlineData("//evil.example", "x", "", "kernel.view.page")]
    [InlineData("https://evil.example", "x", "", "kernel.view.page")]
    [InlineData("/tickets?a=b", "x", "", "kernel.view.page")]
    [InlineData("/tickets", "x", "javascript:alert(1)", "kernel.view.query")]
    public async Task View_that_would_lead_elsewhere_is_refused(string page, string name, string query, string refusal)
    {
        await using var scope = _modules.Services.CreateAsyncScope();
        var outcome = await scope.ServiceProvider.GetRequiredService<ISavedViews>().SaveAsync(_ana, new(page, name, query, false), Cancel);

        Assert.Equal(refusal, outcome.Refusals[0].Key);
    }

    [Fact]
    public async Task Small_choices_are_remembered_beside_the_zone()
    {
        var personal = _modules.Services.GetRequiredService<IPersonal>();
        Assert.Equal(TimeZoneInfo.Utc, await personal.ZoneAsync(_ana, Cancel));
        await personal.KeepAsync(_ana, "hide:/tickets", "2.3", Cancel);
        await personal.KeepZoneAsync(_ana, "Asia/Kathmandu", Cancel);
        await personal.KeepAsync(_ana, "long", new string('x', 201), Cancel);
        Assert.Equal("2.3", await personal.RecallAsync(_ana, "hide:/tickets", Cancel));
        Assert.Equal(TimeSpan.FromMinutes(345), (await personal.ZoneAsync(_ana, Cancel)).BaseUtcOffset);
        Assert.Null(await personal.RecallAsync(_ana, "long", Cancel));
        Assert.Null(await personal.RecallAsync(_ben, "hide:/tickets", Cancel));
        await personal.KeepAsync(_ana, "hide:/tickets", null, Cancel);
        Assert.Null(await personal.RecallAsync(_ana, "hide:/tickets", Cancel));
    }
}
