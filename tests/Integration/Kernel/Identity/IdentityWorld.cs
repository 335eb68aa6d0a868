using System.Net.Http.Headers;
using Appliance.Contracts;
using Appliance.Kernel.Identity;
using Appliance.Kernel.Settings;
using Xunit;

namespace Appliance.Integration.Kernel.Identity;

/// <summary>A kernel behind a web server, people in it, and what they do with their browsers.</summary>
public abstract class IdentityWorld : IAsyncLifetime
{
    protected const string Password = "correct horse battery";
    protected const string Wrong = "wrong horse battery!";

    private protected static readonly Viewer s_system = Viewer.System("test");

    private protected WebKernel _web = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _web = await WebKernel.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected static string Token(string path) => path["/setup?token=".Length..];

    private protected static Task<string> SetUpAsync(Browser browser, string token, string password = Password) =>
        browser.PostAsync("/account/setup", ("token", token), ("name", "ada"), ("display", "Ada"), ("mail", ""), ("password", password), ("language", "fr"), ("next", "/start"));

    private protected string CodeNow(string secret) => TotpCodes.At(secret, TotpCodes.StepOf(_web.Time.GetUtcNow()));

    private protected async Task<UserId> PersonAsync(string name, Role role)
    {
        var link = (await _web.ActAsync<InviteUser, Invitation, OneTimeLink>(s_system, new(name, name, "", [role]))).Value;
        return (await _web.ActAsync<AcceptInvitation, Acceptance, UserId>(s_system, new(link.Path["/invite/".Length..], Password, ""))).Value;
    }

    private protected async Task<(string Secret, string[] Codes)> EnableTotpAsync(UserId id)
    {
        var viewer = new Viewer { Id = id, Name = "x", Permissions = [Permission.SignedIn.Id, Permission.Enrolling.Id] };
        var offer = (await _web.ActAsync<BeginTotp, Done, TotpOffer>(viewer, default)).Value;
        Assert.Equal("kernel.login.code", (await _web.ActAsync<EnableTotp, string, string[]>(viewer, "000000")).Refusals[0].Key);
        var codes = (await _web.ActAsync<EnableTotp, string, string[]>(viewer, CodeNow(offer.Secret))).Value;
        Assert.Equal(10, codes.Distinct().Count());
        return (offer.Secret, codes);
    }

    private protected async Task SetAsync(string key, object value) =>
        Assert.True((await _web.ActAsync<ChangeSetting, SettingChange, Done>(s_system, new(key, value))).Succeeded);

    private protected Task<Outcome<IssuedToken>> IssueAsync(TokenRequest request) => _web.ActAsync<IssueToken, TokenRequest, IssuedToken>(s_system, request);

    private protected async Task<string> AsAsync(string scheme, string parameter)
    {
        using var browser = _web.Open();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/me");
        request.Headers.Authorization = new AuthenticationHeaderValue(scheme, parameter);
        using var answer = await browser.SendAsync(request);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(Cancel) : ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private protected static class KernelRights
    {
        public const string ManageUsers = "kernel.users.manage";
    }
}
