using System.Net;
using Appliance.Kernel.Identity;
using Xunit;

namespace Appliance.Kernel.Tests.Identity;

public sealed class CredentialsTests
{
    // RFC 6238 appendix B, SHA-1, last six of the eight digits; the secret is "12345678901234567890" in base 32.
    [Theory]
    [InlineData(59L, "287082")]
    [InlineData(1111111109L, "081804")]
    [InlineData(1111111111L, "050471")]
    [InlineData(1234567890L, "005924")]
    [InlineData(2000000000L, "279037")]
    [InlineData(20000000000L, "353130")]
    public void Codes_are_those_of_the_standard(long seconds, string code) =>
        Assert.Equal(code, TotpCodes.At("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", TotpCodes.StepOf(DateTimeOffset.FromUnixTimeSeconds(seconds))));

    [Fact]
    public void New_secrets_are_160_bits_and_differ()
    {
        Assert.Equal(32, TotpCodes.NewSecret().Length);
        Assert.NotEqual(TotpCodes.NewSecret(), TotpCodes.NewSecret());
        Assert.StartsWith("otpauth://totp/CIRT:ana%40x?secret=ABC&issuer=CIRT", TotpCodes.Address("CIRT", "ana@x", "ABC"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ana", "ANA")]
    [InlineData("  Ana ", "ANA")]
    [InlineData("ＡＮＡ", "ANA")]
    [InlineData("ａｎａ", "ANA")]
    [InlineData("\u00a0ana\u2003", "ANA")]
    [InlineData(null, "")]
    public void Name_has_one_form_however_it_is_typed(string? typed, string form) => Assert.Equal(form, NameForm.Of(typed));

    // Not as a row of the table above: the runner's file cannot hold half a character.
    [Fact]
    public void Name_that_is_no_text_has_the_empty_form() => Assert.Equal("", NameForm.Of("ana\ud800"));

    [Theory]
    [InlineData("short", "kernel.password.short")]
    [InlineData(null, "kernel.password.short")]
    [InlineData("", "kernel.password.short")]
    [InlineData("aaaaaaaaaaaaaaa", "kernel.password.simple")]
    [InlineData("xx-Ana-Lima-99", "kernel.password.name")]
    [InlineData("Password12345", "kernel.password.common")]
    [InlineData("correct horse battery", null)]
    public void Passwords_are_judged_by_length_before_decoration(string? password, string? refusal) =>
        Assert.Equal(refusal, PasswordRules.Check("ana-lima", password)?.Key);

    [Fact]
    public void Password_beyond_256_characters_is_refused() => Assert.Equal("kernel.password.long", PasswordRules.Check("ana", string.Concat(Enumerable.Repeat("abcde", 60)))?.Key);

    [Theory]
    [InlineData("/desk?id=1", "/desk?id=1")]
    [InlineData("/", "/")]
    [InlineData(null, "/")]
    [InlineData("", "/")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("\\\\evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("/a\r\nSet-Cookie: x=y", "/")]
    [InlineData("/a\\b", "/")]
    [InlineData("/\t/evil.example", "/")]
    public void Redirects_stay_here(string? next, string local) => Assert.Equal(local, AccountForms.Local(next));

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    public void Tries_are_counted_per_host_and_not_per_spare_address(string address, string key) => Assert.Equal(key, LogInTries.KeyOf(IPAddress.Parse(address)));
}
