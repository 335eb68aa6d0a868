using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Identity;
using Xunit;

namespace Appliance.Integration.Kernel.Identity;

/// <summary>Credentials of programs and peers.</summary>
public sealed class TokenTests : IdentityWorld
{
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
}
