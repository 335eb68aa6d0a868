using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Identity;
using Appliance.Kernel.Settings;
using Xunit;

namespace Appliance.Integration.Kernel.Identity;

/// <summary>The second factor: asked for, counted, and demanded of whoever administers.</summary>
public sealed class SecondFactorTests : IdentityWorld
{
    [Fact]
    public async Task Second_factor_is_asked_for_and_no_code_works_twice()
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        var (secret, codes) = await EnableTotpAsync(ana);
        using var browser = _web.Open();
        Assert.Equal("/login?step=code&next=%2Fdesk", await browser.LogInAsync("ana", Password, "/desk"));
        Assert.Equal("401", await browser.MeAsync());
        Assert.Contains("refused=kernel.login.code", await browser.PostAsync("/account/second-factor", ("code", "000000")), StringComparison.Ordinal);

        // The code that enabled it is used up; the next step's is not.
        _web.Time.Move(TimeSpan.FromSeconds(60));
        var code = CodeNow(secret);
        Assert.Equal("/desk", await browser.PostAsync("/account/second-factor", ("code", $"{code[..3]} {code[3..]}"), ("next", "/desk")));
        Assert.StartsWith("ana|", await browser.MeAsync(), StringComparison.Ordinal);

        using var second = _web.Open();
        await second.LogInAsync("ana", Password);
        Assert.Contains("login.code", await second.PostAsync("/account/second-factor", ("code", code)), StringComparison.Ordinal);
        Assert.Equal("/", await second.PostAsync("/account/second-factor", ("code", codes[0].ToLowerInvariant())));

        using var third = _web.Open();
        await third.LogInAsync("ana", Password);
        Assert.Contains("login.code", await third.PostAsync("/account/second-factor", ("code", codes[0])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_wrong_codes_lock()
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        var (secret, codes) = await EnableTotpAsync(ana);
        using var browser = _web.Open();
        await browser.LogInAsync("ana", Password);
        for (var i = 0; i < 5; i++)
            Assert.Contains("login.code", await browser.PostAsync("/account/second-factor", ("code", "000000")), StringComparison.Ordinal);
        _web.Time.Move(TimeSpan.FromSeconds(60));
        Assert.Contains("login.locked", await browser.PostAsync("/account/second-factor", ("code", CodeNow(secret))), StringComparison.Ordinal);
        Assert.Contains("login.locked", await browser.PostAsync("/account/second-factor", ("code", codes[0])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Code_without_password_before_is_nothing()
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        var (secret, _) = await EnableTotpAsync(ana);
        _web.Time.Move(TimeSpan.FromSeconds(60));
        using var browser = _web.Open();
        Assert.Equal("/login?refused=kernel.login.expired", await browser.PostAsync("/account/second-factor", ("code", CodeNow(secret))));
    }

    [Fact]
    public async Task Whoever_administers_does_nothing_before_there_is_a_second_factor()
    {
        await PersonAsync("ada", Role.Administrator);
        using var browser = _web.Open();
        await browser.LogInAsync("ada", Password);
        var session = browser.Session;
        Assert.Equal("Permission console.enrolling", await browser.GetAsync("/rights"));
        var viewer = new Viewer { Id = UserId.New(), Name = "ada", Permissions = [Permission.Enrolling.Id], Roles = [Role.Administrator], MustEnrol = true };
        Assert.Equal(RefusalKind.Forbidden, (await _web.AskAsync<ListUsers, string, IReadOnlyList<UserLine>>(viewer, "")).Refusals[0].Kind);
        Assert.Equal(RefusalKind.Forbidden, (await _web.ActAsync<EndOtherSessions, Done, int>(viewer, default)).Refusals[0].Kind);

        var secret = await browser.GetAsync("/totp/begin");
        Assert.Equal("ok", await browser.GetAsync($"/totp/enable?code={CodeNow(secret)}"));
        Assert.Contains("kernel.users.manage", await browser.GetAsync("/rights"), StringComparison.Ordinal);
        // The id from before the factor counts no more once the new one was fetched.
        Assert.Equal("/desk", await browser.LeadsAsync("/account/renew?next=/desk"));
        Assert.NotEqual(session, browser.Session);
        Assert.Contains("kernel.users.manage", await browser.GetAsync("/rights"), StringComparison.Ordinal);
        using var thief = _web.Open();
        thief.Cookies.Add(_web.Address, new Cookie("cirt-plain", session));
        Assert.Equal("401", await thief.MeAsync());
        // Once: a link from elsewhere rotates nothing.
        var renewed = browser.Session;
        Assert.Equal("/", await browser.LeadsAsync("/account/renew?next=//evil.example/"));
        Assert.Equal(renewed, browser.Session);
    }

    [Fact]
    public async Task Second_factor_may_be_demanded_of_everyone_and_the_trial_demands_none()
    {
        await PersonAsync("ana", Role.Analyst);
        await PersonAsync("ada", Role.Administrator);
        using var browser = _web.Open();
        await browser.LogInAsync("ana", Password);
        Assert.Contains("probe.thing.do", await browser.MeAsync(), StringComparison.Ordinal);
        await SetAsync(AccountLimits.FactorKey, AccountLimits.Everyone);
        _web.Time.Move(TimeSpan.FromSeconds(5));
        Assert.Equal("Permission console.enrolling", await browser.GetAsync("/rights"));
        await SetAsync(SettingKeys.SamplePresent, true);
        _web.Time.Move(TimeSpan.FromSeconds(5));
        Assert.Contains("probe.thing.do", await browser.MeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_must_have_a_second_factor_cannot_switch_the_last_one_off()
    {
        var ada = await PersonAsync("ada", Role.Administrator);
        var (secret, _) = await EnableTotpAsync(ada);
        _web.Time.Move(TimeSpan.FromSeconds(60));
        var viewer = new Viewer { Id = ada, Name = "ada", Permissions = [Permission.SignedIn.Id, "kernel.users.manage"] };
        Assert.Equal("kernel.factor.last", (await _web.ActAsync<DisableTotp, string, Done>(viewer, CodeNow(secret))).Refusals[0].Key);
    }

    [Fact]
    public async Task Wrong_codes_count_across_log_ins_and_addresses()
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        var (secret, _) = await EnableTotpAsync(ana);
        for (var i = 1; i <= 5; i++)
        {
            using var browser = _web.Open($"127.0.3.{i}");
            await browser.LogInAsync("ana", Password);
            Assert.Contains("login.code", await browser.PostAsync("/account/second-factor", ("code", "000000")), StringComparison.Ordinal);
        }
        _web.Time.Move(TimeSpan.FromSeconds(60));
        using var sixth = _web.Open("127.0.3.9");
        await sixth.LogInAsync("ana", Password);
        Assert.Contains("login.locked", await sixth.PostAsync("/account/second-factor", ("code", CodeNow(secret))), StringComparison.Ordinal);
    }
}
