using System.Net;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Identity;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Integration.Kernel.Identity;

/// <summary>Guessing: counted however it is spelled, sent or spread.</summary>
public sealed class GuessingTests : IdentityWorld
{
    [Fact]
    public async Task Every_way_to_write_a_name_counts_as_one_account()
    {
        await PersonAsync("ana", Role.Analyst);
        string[] forms = ["ana", "ANA", "Ana", " ana", "ana ", "\tana", "ａｎａ", "ＡＮＡ", "aNa\u3000", "\u2000ana"];
        foreach (var form in forms)
        {
            using var browser = _web.Open();
            Assert.Equal("/login?refused=kernel.login.wrong", await browser.LogInAsync(form, Wrong));
        }
        using var right = _web.Open();
        Assert.Equal("/login?refused=kernel.login.locked", await right.LogInAsync("ana", Password));
    }

    [Fact]
    public async Task Guesses_from_many_addresses_lock_the_account_and_guesses_at_many_accounts_lock_the_address()
    {
        await PersonAsync("ana", Role.Analyst);
        for (var i = 1; i <= 10; i++)
        {
            using var browser = _web.Open($"127.0.2.{i}");
            Assert.Contains("login.wrong", await browser.LogInAsync("ana", Wrong), StringComparison.Ordinal);
        }
        using var fresh = _web.Open("127.0.2.99");
        Assert.Contains("login.locked", await fresh.LogInAsync("ana", Password), StringComparison.Ordinal);

        await PersonAsync("boris", Role.Analyst);
        await using var scope = _web.Services.CreateAsyncScope();
        var logIn = scope.ServiceProvider.GetRequiredService<LogIn>();
        LogInFrom place = new(IPAddress.Parse("198.51.100.7"), "");
        for (var i = 0; i < LogInTries.AddressMax; i++)
            await logIn.ByPasswordAsync($"nobody{i}", Wrong, place, Cancel);
        Assert.Equal("kernel.login.address", (await logIn.ByPasswordAsync("boris", Password, place, Cancel)).RefusedBy);
        Assert.Null((await logIn.ByPasswordAsync("boris", Password, place with { Address = IPAddress.Parse("198.51.100.8") }, Cancel)).RefusedBy);
    }

    [Fact]
    public async Task Other_methods_and_media_types_reach_no_password_check()
    {
        await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open();
        var form = $"name=ana&password={Uri.EscapeDataString(Password)}";
        foreach (var method in new[] { "HEAD", "GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE" })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), "/account/login?" + form);
            if (method is "PUT" or "PATCH")
                request.Content = new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded");
            using var answer = await browser.SendAsync(request);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        }
        foreach (var type in new[] { "application/json", "text/plain", "text/xml" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/account/login") { Content = new StringContent($$"""{"name":"ana","password":"{{Password}}"}""", Encoding.UTF8, type) };
            using var answer = await browser.SendAsync(request);
            Assert.Equal("/login?refused=kernel.form.refused", answer.Headers.Location?.OriginalString);
        }
        Assert.Null(browser.Session);
        Assert.Equal(0, await _web.Database.FindAsync<int>("select count(*)::int from identity.tries", null, Cancel));
    }
}
