using System.Diagnostics;
using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Identity;
using Appliance.Kernel.Settings;
using Appliance.Tests;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Integration.Kernel.Identity;

/// <summary>Passwords, the forms they are typed into, and the links that set them.</summary>
public sealed class PasswordTests : IdentityWorld
{
    [Fact]
    public async Task Set_up_link_makes_one_administrator_and_works_once()
    {
        var setup = _web.Services.GetRequiredService<SetupLink>();
        var old = Token((await setup.IssueAsync(Cancel))!);
        var token = Token((await setup.IssueAsync(Cancel))!);
        using var browser = _web.Open();
        Assert.Contains("refused=kernel.setup.link", await SetUpAsync(browser, old), StringComparison.Ordinal);
        Assert.Contains("refused=kernel.password.short", await SetUpAsync(browser, token, "short"), StringComparison.Ordinal);
        Assert.True(await setup.WorksAsync(token, Cancel));
        Assert.Equal("/start", await SetUpAsync(browser, token));
        Assert.StartsWith("Ada|Administrator|", await browser.MeAsync(), StringComparison.Ordinal);
        using var thief = _web.Open();
        Assert.Contains("refused=kernel.setup.done", await SetUpAsync(thief, token), StringComparison.Ordinal);
        Assert.Null(await setup.IssueAsync(Cancel));
        Assert.False(await setup.WorksAsync(token, Cancel));
    }

    [Fact]
    public async Task Set_up_link_ends_after_an_hour()
    {
        var token = Token((await _web.Services.GetRequiredService<SetupLink>().IssueAsync(Cancel))!);
        _web.Time.Move(TimeSpan.FromMinutes(61));
        using var browser = _web.Open();
        Assert.Contains("refused=kernel.setup.link", await SetUpAsync(browser, token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Known_and_unknown_names_get_the_same_answers_and_lock_alike()
    {
        await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open();
        var (known, unknown) = (new List<string>(), new List<string>());
        for (var i = 0; i < 12; i++)
        {
            known.Add(await browser.LogInAsync("ana", Wrong));
            unknown.Add(await browser.LogInAsync("nobody", Wrong));
        }
        Assert.Equal(known, unknown);
        Assert.Equal(10, known.Count(k => k == "/login?refused=kernel.login.wrong"));
        Assert.Equal("/login?refused=kernel.login.locked", await browser.LogInAsync("ana", Password));
        _web.Time.Move(TimeSpan.FromMinutes(16));
        Assert.Equal("/", await browser.LogInAsync("ana", Password));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public async Task Empty_password_is_refused_even_where_none_is_set(string? password)
    {
        await _web.ActAsync<InviteUser, Invitation, OneTimeLink>(s_system, new("inv", "", "", [Role.Analyst]));
        using var browser = _web.Open();
        Assert.Equal("/login?refused=kernel.login.wrong", await browser.LogInAsync("inv", password ?? ""));
        Assert.Equal("/login?refused=kernel.login.wrong", await browser.LogInAsync("inv", "nobody has this password"));
    }

    [Fact]
    public async Task Guesses_sent_at_once_do_not_slip_through_the_limit()
    {
        await PersonAsync("ana", Role.Analyst);
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(async _ =>
        {
            using var browser = _web.Open();
            return await browser.LogInAsync("ana", Wrong);
        }));
        Assert.Equal(10, answers.Count(a => a.EndsWith("login.wrong", StringComparison.Ordinal)));
        using var right = _web.Open();
        Assert.Contains("login.locked", await right.LogInAsync("ana", Password), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reset_link_sets_a_password_once_and_keeps_the_second_factor()
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        var (secret, _) = await EnableTotpAsync(ana);
        var link = (await _web.ActAsync<ResetUser, Reset, OneTimeLink>(s_system, new(ana, false))).Value;
        var token = link.Path["/invite/".Length..];
        using var browser = _web.Open();
        Assert.Contains("login.wrong", await browser.LogInAsync("ana", Password), StringComparison.Ordinal);
        Assert.StartsWith("/login?step=code", await browser.PostAsync("/account/invite", ("token", token), ("password", "another long password")), StringComparison.Ordinal);
        _web.Time.Move(TimeSpan.FromSeconds(60));
        Assert.Equal("/", await browser.PostAsync("/account/second-factor", ("code", CodeNow(secret))));
        Assert.Contains("refused=kernel.invite.link", await browser.PostAsync("/account/invite", ("token", token), ("password", "yet another password")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Own_password_needs_the_old_one_and_ends_the_other_sessions()
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open();
        await browser.LogInAsync("ana", Password);
        var viewer = new Viewer { Id = ana, Name = "ana", Permissions = [Permission.SignedIn.Id] };
        Assert.Equal("kernel.password.wrong", (await _web.ActAsync<ChangePassword, PasswordChange, Done>(viewer, new(Wrong, "another long password"))).Refusals[0].Key);
        Assert.True((await _web.ActAsync<ChangePassword, PasswordChange, Done>(viewer, new(Password, "another long password"))).Succeeded);
        Assert.Equal("401", await browser.MeAsync());
        Assert.Equal("/", await browser.LogInAsync("ana", "another long password"));
    }

    [Fact]
    public async Task Form_without_its_token_or_from_another_site_changes_nothing()
    {
        await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open();
        Assert.Equal("/login?refused=kernel.form.expired", await browser.PostBareAsync("/account/login", ("name", "ana"), ("password", Password)));
        await browser.LogInAsync("ana", Password);
        Assert.Equal("/login?refused=kernel.form.refused", await browser.PostBareAsync("/account/logout"));
        Assert.StartsWith("ana|", await browser.MeAsync(), StringComparison.Ordinal);
        foreach (var (header, value) in new[] { ("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/account/logout");
            request.Headers.TryAddWithoutValidation(header, value);
            using var answer = await browser.SendAsync(request);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }
        using var socket = new HttpRequestMessage(HttpMethod.Get, "/me");
        socket.Headers.TryAddWithoutValidation("Origin", "https://evil.example");
        socket.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        socket.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        using var refused = await browser.SendAsync(socket);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Theory]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("https://evil.example/")]
    public async Task Log_in_leads_to_this_site_only(string next)
    {
        await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open();
        Assert.Equal("/", await browser.LogInAsync("ana", Password, next));
    }

    [Fact]
    public async Task Plain_http_opens_no_session_outside_the_local_trial()
    {
        await using var strict = await WebKernel.StartAsync(plainLoopback: false);
        using var browser = strict.Open();
        Assert.Equal("/login?refused=kernel.login.plain", await browser.LogInAsync("ana", Password));
    }

    [Fact]
    public async Task Trail_names_log_ins_and_locks_but_no_typed_name_and_no_secret()
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        await EnableTotpAsync(ana);
        using var browser = _web.Open();
        for (var i = 0; i < 10; i++)
            await browser.LogInAsync("canary-typed-in-the-wrong-field", Wrong);
        var trail = string.Join('\n', await _web.Database.QueryAsync<string>("select action || ' ' || subject || ' ' || detail::text from audit.entries", null, Cancel));
        Assert.Contains("kernel.account.locked-by-tries user/unknown", trail, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", trail, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Password, trail, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", trail, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Invitation_is_mailed_in_the_persons_language_and_its_copy_is_for_the_two_concerned_only()
    {
        Assert.True((await _web.ActAsync<ChangeSetting, SettingChange, Done>(s_system, new(SettingKeys.SiteAddress, "https://cirt.example/"))).Succeeded);
        var link = (await _web.ActAsync<InviteUser, Invitation, OneTimeLink>(s_system, new("eve", "Eve", "eve@cirt.example", [Role.Analyst], Language: "fr"))).Value;
        Assert.True(link.Mailed);
        var mail = (await _web.Database.QueryAsync<(short Tlp, int Named, string Subject, byte[] Bytes)>(
            "select m.tlp, cardinality(m.named), m.subject, r.bytes from kernel.mail_out m join kernel.mail_raw r on r.sha256 = m.sha256", null, Cancel))[0];
        Assert.Equal(((short)Tlp.Red, 2, "Votre compte auprès de CIRT"), (mail.Tlp, mail.Named, mail.Subject));
        var printed = (await _web.ActAsync<InviteUser, Invitation, OneTimeLink>(s_system, new("bob", "Bob", "", [Role.Analyst]))).Value;
        Assert.False(printed.Mailed);
    }

    [LongFact]
    public async Task Known_and_unknown_names_take_the_same_time()
    {
        await PersonAsync("ana", Role.Analyst);
        var (known, unknown) = (TimeSpan.Zero, TimeSpan.Zero);
        await using var scope = _web.Services.CreateAsyncScope();
        var logIn = scope.ServiceProvider.GetRequiredService<LogIn>();
        for (var i = 0; i < 1000; i++)
        {
            // The count is kept down, so that both ways are measured and not the lock.
            await _web.Database.ExecuteAsync("delete from identity.tries", null, Cancel);
            known += await TakeAsync("ana");
            unknown += await TakeAsync("nobody");
        }
        Assert.True(Math.Abs((known - unknown).TotalMilliseconds) / 1000 <= 5, $"known {known.TotalMilliseconds / 1000:0.0} ms, unknown {unknown.TotalMilliseconds / 1000:0.0} ms");

        async Task<TimeSpan> TakeAsync(string name)
        {
            var start = Stopwatch.GetTimestamp();
            await logIn.ByPasswordAsync(name, Wrong, new(IPAddress.Loopback, ""), Cancel);
            return Stopwatch.GetElapsedTime(start);
        }
    }
}
