using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Identity;
using Appliance.Kernel.Settings;
using Appliance.Tests;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Integration.Kernel;

public sealed class IdentityTests : IAsyncLifetime
{
    private const string Password = "correct horse battery";
    private const string Wrong = "wrong horse battery!";

    private static readonly Viewer s_system = Viewer.System("test");

    private WebKernel _web = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _web = await WebKernel.StartAsync();

    public ValueTask DisposeAsync() => _web.DisposeAsync();

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
    public async Task Role_taken_in_the_database_itself_shows_within_five_seconds()
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open();
        await browser.LogInAsync("ana", Password);
        Assert.Contains("probe.thing.do", await browser.MeAsync(), StringComparison.Ordinal);
        await _web.Database.ExecuteAsync("delete from identity.user_roles where user_id = @ana", new { ana }, Cancel);
        _web.Time.Move(TimeSpan.FromSeconds(5));
        Assert.DoesNotContain("probe.thing.do", await browser.MeAsync(), StringComparison.Ordinal);
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
    public async Task Last_administrator_stays_and_only_administrators_touch_administrators()
    {
        var ada = await PersonAsync("ada", Role.Administrator);
        var pro = new Viewer { Id = UserId.New(), Name = "Pro", Roles = [Role.Provisioner], Permissions = [KernelRights.ManageUsers] };
        Assert.Equal("kernel.user.last-administrator", (await _web.ActAsync<LockUser, LockChange, Done>(s_system, new(ada, true))).Refusals[0].Key);
        Assert.Equal("kernel.user.last-administrator", (await _web.ActAsync<ChangeRoles, RoleChange, Done>(s_system, new(ada, [Role.Analyst]))).Refusals[0].Key);
        Assert.Equal("kernel.user.administrator", (await _web.ActAsync<ResetUser, Reset, OneTimeLink>(pro, new(ada, true))).Refusals[0].Key);
        Assert.Equal("kernel.user.administrator", (await _web.ActAsync<ChangeRoles, RoleChange, Done>(pro, new(ada, [Role.Analyst]))).Refusals[0].Key);
        Assert.Equal("kernel.user.administrator", (await _web.ActAsync<InviteUser, Invitation, OneTimeLink>(pro, new("eve", "", "", [Role.Administrator]))).Refusals[0].Key);
        Assert.True((await _web.ActAsync<InviteUser, Invitation, OneTimeLink>(pro, new("eve", "", "", [Role.Analyst]))).Succeeded);
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
    public async Task Token_holds_no_more_than_its_scopes_and_ends_when_revoked_or_its_person_is_locked()
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        var issued = (await IssueAsync(new("script", TokenKind.Bearer, [new("probe.thing.see")], TimeSpan.FromDays(1), Owner: ana))).Value;
        Assert.Equal("ana (script)|Analyst|probe.thing.see|", await AsAsync("Bearer", issued.Secret));
        Assert.Equal("401", await AsAsync("Bearer", issued.Secret[..^1] + (issued.Secret[^1] == 'A' ? 'B' : 'A')));
        Assert.Equal("kernel.token.scopes", (await IssueAsync(new("more", TokenKind.Bearer, [new("kernel.users.manage")], TimeSpan.FromDays(1), Owner: ana))).Refusals[0].Key);
        Assert.Equal("kernel.token.taken", (await IssueAsync(new("SCRIPT", TokenKind.Bearer, [new("probe.thing.see")], TimeSpan.FromDays(1), Owner: ana))).Refusals[0].Key);
        Assert.Equal(0, await _web.Database.FindAsync<int>("select count(*)::int from identity.tokens where encode(hash, 'escape') like '%' || @s || '%'", new { s = issued.Secret[^20..] }, Cancel));

        Assert.True((await _web.ActAsync<RevokeToken, TokenRevocation, Done>(s_system, new(issued.Id))).Succeeded);
        Assert.Equal("401", await AsAsync("Bearer", issued.Secret));
        var second = (await IssueAsync(new("script", TokenKind.Bearer, [new("probe.thing.see")], TimeSpan.FromDays(1), Owner: ana))).Value;
        await _web.ActAsync<LockUser, LockChange, Done>(s_system, new(ana, true));
        Assert.Equal("401", await AsAsync("Bearer", second.Secret));
    }

    [Fact]
    public async Task Token_ends_when_it_expires()
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        var issued = (await IssueAsync(new("script", TokenKind.Bearer, [new("probe.thing.see")], TimeSpan.FromDays(1), Owner: ana))).Value;
        _web.Time.Move(TimeSpan.FromHours(25));
        Assert.Equal("401", await AsAsync("Bearer", issued.Secret));
    }

    [Fact]
    public async Task Peer_shows_itself_by_basic_and_holds_the_peers_rights_only()
    {
        var peer = PeerId.New();
        var issued = (await IssueAsync(new("hub", TokenKind.Basic, [new("probe.thing.do")], TimeSpan.FromDays(1), peer))).Value;
        Assert.Equal("kernel.token.scopes", (await IssueAsync(new("hub2", TokenKind.Basic, [new("probe.thing.see")], TimeSpan.FromDays(1), peer))).Refusals[0].Key);
        Assert.Equal($"hub|Peer|probe.thing.do|{peer}", await AsAsync("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"hub:{issued.Secret}"))));
        foreach (var bad in new[] { $"hub:{Wrong}", "hub:", ":x", "hub", $"other:{issued.Secret}", "" })
            Assert.Equal("401", await AsAsync("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(bad))));
        Assert.Equal("401", await AsAsync("Basic", "not base 64"));
        Assert.Equal("401", await AsAsync("Bearer", issued.Secret));
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
    public async Task Role_may_be_given_and_lose_a_right_for_everyone_who_holds_it()
    {
        await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open();
        await browser.LogInAsync("ana", Password);
        Assert.True((await _web.ActAsync<ChangeRolePermission, RolePermissionChange, Done>(s_system, new(Role.Analyst, "probe.thing.do", false))).Succeeded);
        _web.Time.Move(TimeSpan.FromSeconds(5));
        Assert.Equal("ana|Analyst|probe.thing.see|", await browser.MeAsync());
        await _web.ActAsync<ChangeRolePermission, RolePermissionChange, Done>(s_system, new(Role.Analyst, "probe.thing.do", true));
        Assert.Equal(0, await _web.Database.FindAsync<int>("select count(*)::int from identity.role_permissions", null, Cancel));
        Assert.Equal("kernel.permission.last", (await _web.ActAsync<ChangeRolePermission, RolePermissionChange, Done>(s_system, new(Role.Administrator, "kernel.users.manage", false))).Refusals[0].Key);
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

    private static string Token(string path) => path["/setup?token=".Length..];

    private static Task<string> SetUpAsync(Browser browser, string token, string password = Password) =>
        browser.PostAsync("/account/setup", ("token", token), ("name", "ada"), ("display", "Ada"), ("mail", ""), ("password", password), ("language", "fr"), ("next", "/start"));

    private string CodeNow(string secret) => TotpCodes.At(secret, TotpCodes.StepOf(_web.Time.GetUtcNow()));

    private async Task<UserId> PersonAsync(string name, Role role)
    {
        var link = (await _web.ActAsync<InviteUser, Invitation, OneTimeLink>(s_system, new(name, name, "", [role]))).Value;
        return (await _web.ActAsync<AcceptInvitation, Acceptance, UserId>(s_system, new(link.Path["/invite/".Length..], Password, ""))).Value;
    }

    private async Task<(string Secret, string[] Codes)> EnableTotpAsync(UserId id)
    {
        var viewer = new Viewer { Id = id, Name = "x", Permissions = [Permission.SignedIn.Id] };
        var offer = (await _web.ActAsync<BeginTotp, Done, TotpOffer>(viewer, default)).Value;
        Assert.Equal("kernel.login.code", (await _web.ActAsync<EnableTotp, string, string[]>(viewer, "000000")).Refusals[0].Key);
        var codes = (await _web.ActAsync<EnableTotp, string, string[]>(viewer, CodeNow(offer.Secret))).Value;
        Assert.Equal(10, codes.Distinct().Count());
        return (offer.Secret, codes);
    }

    private Task<Outcome<IssuedToken>> IssueAsync(TokenRequest request) => _web.ActAsync<IssueToken, TokenRequest, IssuedToken>(s_system, request);

    private async Task<string> AsAsync(string scheme, string parameter)
    {
        using var browser = _web.Open();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/me");
        request.Headers.Authorization = new AuthenticationHeaderValue(scheme, parameter);
        using var answer = await browser.SendAsync(request);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(Cancel) : ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static class KernelRights
    {
        public const string ManageUsers = "kernel.users.manage";
    }
}
