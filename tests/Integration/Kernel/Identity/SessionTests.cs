using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Identity;
using Appliance.Kernel.Settings;
using Xunit;

namespace Appliance.Integration.Kernel.Identity;

/// <summary>Sessions: how they begin, what ends them, who else may see them.</summary>
public sealed class SessionTests : IdentityWorld
{
    [Fact]
    public async Task Log_in_opens_a_new_session_each_time_and_log_out_ends_it_for_a_copied_cookie_too()
    {
        await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open();
        Assert.Equal("/desk?x=1", await browser.LogInAsync(" ＡＮＡ ", Password, "/desk?x=1"));
        var first = browser.Session;
        Assert.StartsWith("ana|Analyst|probe.thing.do,probe.thing.see", await browser.MeAsync(), StringComparison.Ordinal);
        Assert.Equal("/", await browser.LogInAsync("ana", Password));
        Assert.NotEqual(first, browser.Session);

        using var thief = _web.Open();
        thief.Cookies.Add(_web.Address, new Cookie("cirt-plain", browser.Session));
        Assert.StartsWith("ana|", await thief.MeAsync(), StringComparison.Ordinal);
        Assert.Equal("/login", await browser.PostAsync("/account/logout"));
        Assert.Equal("401", await thief.MeAsync());
        Assert.Equal("401", await browser.MeAsync());
    }

    [Fact]
    public async Task Session_cookie_is_out_of_reach_of_scripts_and_of_other_sites()
    {
        await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open();
        await browser.LogInAsync("ana", Password);
        var cookie = browser.Cookies.GetCookies(_web.Address)["cirt-plain"]!;
        Assert.True(cookie.HttpOnly);
        Assert.Equal("/", cookie.Path);
        Assert.DoesNotContain(cookie.Value, await _web.Database.QueryAsync<string>("select id::text from identity.sessions", null, Cancel));
    }

    [Fact]
    public async Task Idle_and_absolute_limits_end_a_session()
    {
        await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open();
        await browser.LogInAsync("ana", Password);
        _web.Time.Move(TimeSpan.FromMinutes(61));
        Assert.Equal("401", await browser.MeAsync());

        await browser.LogInAsync("ana", Password);
        for (var i = 0; i < 14; i++)
        {
            Assert.StartsWith("ana|", await browser.MeAsync(), StringComparison.Ordinal);
            _web.Time.Move(TimeSpan.FromMinutes(50));
        }
        _web.Time.Move(TimeSpan.FromMinutes(30));
        Assert.Equal("401", await browser.MeAsync());
    }

    [Theory]
    [InlineData("lock")]
    [InlineData("roles")]
    [InlineData("reset")]
    public async Task What_an_administrator_takes_ends_open_sessions(string how)
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open();
        await browser.LogInAsync("ana", Password);
        Assert.StartsWith("ana|", await browser.MeAsync(), StringComparison.Ordinal);
        var succeeded = how switch
        {
            "lock" => (await _web.ActAsync<LockUser, LockChange, Done>(s_system, new(ana, true))).Succeeded,
            "roles" => (await _web.ActAsync<ChangeRoles, RoleChange, Done>(s_system, new(ana, [Role.Operator]))).Succeeded,
            _ => (await _web.ActAsync<ResetUser, Reset, OneTimeLink>(s_system, new(ana, false))).Succeeded,
        };
        Assert.True(succeeded);
        Assert.Equal("401", await browser.MeAsync());
    }

    [Fact]
    public async Task Whoever_administers_is_logged_out_after_a_quarter_of_an_hour_and_settings_change_the_limits_within_bounds()
    {
        await SetAsync(SettingKeys.SamplePresent, true);
        await PersonAsync("ada", Role.Administrator);
        await PersonAsync("ana", Role.Analyst);
        using var ada = _web.Open();
        using var ana = _web.Open();
        await ada.LogInAsync("ada", Password);
        await ana.LogInAsync("ana", Password);
        _web.Time.Move(TimeSpan.FromMinutes(16));
        Assert.Equal("401", await ada.MeAsync());
        Assert.StartsWith("ana|", await ana.MeAsync(), StringComparison.Ordinal);

        await SetAsync(AccountLimits.AdministratorIdleKey, 30);
        await SetAsync(AccountLimits.IdleKey, 10);
        // Out of bounds: counts as the bound.
        await SetAsync(AccountLimits.HoursKey, 9000);
        await ada.LogInAsync("ada", Password);
        await ana.LogInAsync("ana", Password);
        _web.Time.Move(TimeSpan.FromMinutes(16));
        Assert.StartsWith("ada|", await ada.MeAsync(), StringComparison.Ordinal);
        Assert.Equal("401", await ana.MeAsync());
        Assert.Equal(24, await _web.Database.FindAsync<int>("select (extract(epoch from max(ends_at - created_at)) / 3600)::int from identity.sessions", null, Cancel));
    }

    [Fact]
    public async Task Cookie_in_another_browser_ends_the_session_and_is_told_to_its_person_and_the_trail()
    {
        const string Opened = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36";
        var ana = await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open(agent: Opened);
        await browser.LogInAsync("ana", Password);
        using var updated = _web.Open(agent: Opened.Replace("156", "157", StringComparison.Ordinal));
        updated.Cookies.Add(_web.Address, new Cookie("cirt-plain", browser.Session));
        Assert.StartsWith("ana|", await updated.MeAsync(), StringComparison.Ordinal);

        using var thief = _web.Open(agent: "curl/8.5.0");
        thief.Cookies.Add(_web.Address, new Cookie("cirt-plain", browser.Session));
        Assert.Equal("401", await thief.MeAsync());
        Assert.Equal("401", await browser.MeAsync());
        var lines = (await _web.AskAsync<ListSessions, Done, IReadOnlyList<SessionLine>>(new Viewer { Id = ana, Name = "ana", Permissions = [Permission.SignedIn.Id] }, default)).Value;
        Assert.True(Assert.Single(lines).IsAlarm);
        Assert.Equal(1, await _web.Database.FindAsync<int>("select count(*)::int from audit.entries where action = 'kernel.session.other-browser' and detail->>'agent' = 'curl/8.5.0'", null, Cancel));
    }

    [Fact]
    public async Task All_other_log_ins_are_ended_at_once_by_their_person_or_an_administrator()
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        var boris = await PersonAsync("boris", Role.Analyst);
        var browsers = Enumerable.Range(0, 3).Select(_ => _web.Open()).ToList();
        foreach (var browser in browsers)
            await browser.LogInAsync("ana", Password);
        var viewer = new Viewer { Id = ana, Name = "ana", Permissions = [Permission.SignedIn.Id] };
        var open = (await _web.AskAsync<ListSessions, Done, IReadOnlyList<SessionLine>>(viewer, default)).Value;
        Assert.Equal(3, open.Count);
        Assert.All(open, line => Assert.Equal(("password", IPAddress.Loopback), (line.Factor, line.Address)));
        // One names two ids; both must belong together.
        Assert.Equal("kernel.session.unknown", (await _web.ActAsync<EndSessionsOf, SessionsToEnd, int>(s_system, new(boris, open[0].Id))).Refusals[0].Key);
        Assert.Equal(1, (await _web.ActAsync<EndSessionsOf, SessionsToEnd, int>(s_system, new(ana, open[0].Id))).Value);
        Assert.Equal(2, (await _web.ActAsync<EndOtherSessions, Done, int>(viewer, default)).Value);
        foreach (var browser in browsers)
        {
            Assert.Equal("401", await browser.MeAsync());
            browser.Dispose();
        }
    }

    [Fact]
    public async Task Id_differs_before_and_after_log_in_second_factor_and_change_of_roles()
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open();
        // Fixation: an id planted before log-in is not the one after it.
        browser.Cookies.Add(_web.Address, new Cookie("cirt-plain", "planted"));
        List<string?> ids = ["planted"];
        await browser.LogInAsync("ana", Password);
        ids.Add(browser.Session);
        var (secret, _) = await EnableTotpAsync(ana);
        _web.Time.Move(TimeSpan.FromSeconds(60));
        await browser.LogInAsync("ana", Password);
        Assert.Equal("401", await browser.MeAsync());
        await browser.PostAsync("/account/second-factor", ("code", CodeNow(secret)));
        ids.Add(browser.Session);
        await _web.ActAsync<ChangeRoles, RoleChange, Done>(s_system, new(ana, [Role.Operator]));
        Assert.Equal("401", await browser.MeAsync());
        _web.Time.Move(TimeSpan.FromSeconds(60));
        await browser.LogInAsync("ana", Password);
        await browser.PostAsync("/account/second-factor", ("code", CodeNow(secret)));
        ids.Add(browser.Session);
        Assert.Equal(4, ids.Distinct().Count());
    }
}
