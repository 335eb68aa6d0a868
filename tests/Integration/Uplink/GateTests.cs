using System.Text;
using Appliance.Contracts;
using Appliance.Uplink;
using Appliance.Uplink.Gate;
using Appliance.Uplink.Inbox;
using Appliance.Uplink.Peers;
using Xunit;

namespace Appliance.Integration.Uplink;

/// <summary>Nothing leaves without the right people's word, to nobody else, and only as long as the rules still allow it.</summary>
public sealed class GateTests : IAsyncLifetime
{
    private Node _node = null!;
    private PeerId _peer;
    private HttpClient _http = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await Node.StartAsync("CERT-XX", NodeRole.National);
        (_peer, var credential) = await _node.BefriendAsync("Centre", Tlp.AmberStrict);
        _http = _node.Foreign(credential);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task Pending_share_is_not_readable()
    {
        await Publishing.ShareOfAsync(_node, Publishing.Advisory());
        Assert.Equal("{}", await SharedAsync());
    }

    [Fact]
    public async Task Amber_strict_needs_two_people_and_leaves_only_after_the_second()
    {
        var share = await Publishing.ShareOfAsync(_node, Publishing.Incident(new(Tlp.AmberStrict)));
        var (ana, manu, mia) = (_node.Modules.Person("Ana", Role.Analyst), _node.Modules.Person("Manu", Role.Manager), _node.Modules.Person("Mia", Role.Manager));
        var word = await WordAsync(share);

        Assert.Equal("uplink.refused.needs-signature", Key(await ApproveAsync(manu, word)));
        Assert.Equal("kernel.refused.permission", Key(await ApproveAsync(ana, word)));
        Assert.True((await _node.Get<SignShare>().RunAsync(manu, word, Cancel)).Succeeded);
        Assert.Equal("{}", await SharedAsync());
        Assert.Equal("uplink.refused.same-person", Key(await ApproveAsync(manu, word)));
        Assert.Equal("uplink.refused.differs-from-signed", Key(await ApproveAsync(mia, word with { LegalBasis = "Another act" })));
        Assert.True((await ApproveAsync(mia, word)).Succeeded);
        Assert.Contains("INC-2026-00017", await SharedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Red_and_pap_red_are_closed_at_once_and_say_why()
    {
        foreach (var (marking, rule) in new[] { (new Marking(Tlp.Red, Named: [_node.Modules.Person("Manu", Role.Manager).Id]), GateRules.Red), (new Marking(Tlp.Green, Pap.Red), GateRules.PapRed) })
        {
            var share = await Publishing.ShareOfAsync(_node, Publishing.Incident(marking));
            var row = (await Share.FindAsync(_node.Database, Viewer.System("test"), share, Cancel))!;
            Assert.Equal(("returned", rule), (row.State, row.Rule));
            var outcome = await _node.Get<ApproveShare>().RunAsync(Viewer.System("test"), new(share, [_peer.Value], "Act", ""), Cancel);
            Assert.False(outcome.Succeeded);
        }
        Assert.Equal("{}", await SharedAsync());
    }

    [Fact]
    public async Task Empty_recipients_missing_basis_and_stale_bytes_are_all_named_at_once()
    {
        var share = await Publishing.ShareOfAsync(_node, Publishing.Advisory());
        var outcome = await ApproveAsync(_node.Modules.Person("Manu", Role.Manager), new(share, [], "  ", "00"));
        Assert.Equal(["uplink.refused.legal-basis", "uplink.refused.no-recipient", "uplink.refused.changed"], outcome.Refusals.Select(r => r.Key));
    }

    [Fact]
    public async Task Peer_below_the_marking_or_without_trust_cannot_be_chosen()
    {
        var (low, _) = await _node.BefriendAsync("Low", Tlp.Clear);
        var (pending, _) = await _node.BefriendAsync("Pending", Tlp.Amber, f => f with { Trust = "pending" });
        var share = await Publishing.ShareOfAsync(_node, Publishing.Advisory());
        var word = await WordAsync(share) with { Peers = [low.Value, pending.Value, _peer.Value] };
        var outcome = await ApproveAsync(_node.Modules.Person("Manu", Role.Manager), word);
        Assert.Equal(["uplink.hinder.ceiling", "uplink.hinder.trust"], outcome.Refusals.Select(r => r.Key).Order());
        Assert.Equal("{}", await SharedAsync());
    }

    [Theory]
    [InlineData("update uplink.peers set ceiling = 0")]
    [InlineData("update uplink.peers set trust = 'suspended'")]
    [InlineData("update uplink.share_recipients set state = 'withdrawn'")]
    [InlineData("update uplink.shares set state = 'returned'")]
    [InlineData("update uplink.shares set tlp = 4")]
    [InlineData("update uplink.shares set pap = 3")]
    [InlineData("update uplink.shares set exercise = true")]
    [InlineData("delete from uplink.share_recipients")]
    public async Task Rules_are_asked_again_when_the_bytes_are_handed_over(string change)
    {
        await ApproveAsync(_node.Modules.Person("Manu", Role.Manager), await WordAsync(await Publishing.ShareOfAsync(_node, Publishing.Advisory())));
        Assert.Contains("ADV-2026-0003", await SharedAsync(), StringComparison.Ordinal);
        await _node.Database.ExecuteAsync(change, null, Cancel);
        foreach (var path in (string[])["objects/", "manifest/", "objects/?match[version]=all"])
        {
            var text = await _http.GetStringAsync($"share/collections/shared/{path}", Cancel);
            Assert.DoesNotContain("report--", text, StringComparison.Ordinal);
            Assert.DoesNotContain("indicator--", text, StringComparison.Ordinal);
            Assert.DoesNotContain("domain-name--", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Bytes_that_are_not_those_approved_are_not_handed_over()
    {
        await ApproveAsync(_node.Modules.Person("Manu", Role.Manager), await WordAsync(await Publishing.ShareOfAsync(_node, Publishing.Advisory())));
        await _node.Database.ExecuteAsync("update uplink.objects set body = convert_to(replace(convert_from(body, 'UTF8'), 'Patch', 'Leave'), 'UTF8') where type = 'report'", null, Cancel);
        var text = await SharedAsync();
        Assert.DoesNotContain("\"report\"", text, StringComparison.Ordinal);
        Assert.Contains("\"indicator\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_leaves_is_byte_for_byte_what_was_shown_and_hashed()
    {
        var share = await Publishing.ShareOfAsync(_node, Publishing.Advisory());
        var word = await WordAsync(share);
        await ApproveAsync(_node.Modules.Person("Manu", Role.Manager), word);
        var frozen = Encoding.UTF8.GetString((await Share.FindAsync(_node.Database, Viewer.System("test"), share, Cancel))!.Frozen!);
        var objects = (await SharedAsync())["{\"objects\":".Length..^1];
        Assert.Contains($"\"objects\":{objects}", frozen, StringComparison.Ordinal);
        Assert.Equal(word.SeenSha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(frozen))));
    }

    [Fact]
    public async Task Returned_share_keeps_its_reason_and_cannot_be_approved()
    {
        var share = await Publishing.ShareOfAsync(_node, Publishing.Advisory());
        var manu = _node.Modules.Person("Manu", Role.Manager);
        var word = await WordAsync(share);
        Assert.Equal("uplink.refused.reason", Key(await _node.Get<ReturnShare>().RunAsync(manu, new(share, " "), Cancel)));
        Assert.True((await _node.Get<ReturnShare>().RunAsync(manu, new(share, "Not ours to share."), Cancel)).Succeeded);
        Assert.Equal("uplink.refused.share-state", Key(await ApproveAsync(manu, word)));
        Assert.Equal("Not ours to share.", (await _node.Get<ShowShare>().RunAsync(manu, share, Cancel)).Value.Share.Reason);
    }

    [Fact]
    public async Task Same_event_twice_is_one_share_and_a_revision_supersedes_what_was_pending()
    {
        var fact = Publishing.Advisory();
        await Publishing.ShareOfAsync(_node, fact);
        await Publishing.ShareOfAsync(_node, fact);
        await Publishing.ShareOfAsync(_node, Publishing.Advisory() with { Advisory = fact.Advisory, Revision = 2 });
        var page = (await _node.Get<ListShares>().RunAsync(_node.Modules.Person("Ana", Role.Analyst), new(), Cancel)).Value;
        Assert.Equal(["pending", "superseded"], page.Items.Select(i => i.State));
    }

    [Fact]
    public async Task Red_object_from_a_peer_is_refused_and_its_content_is_not_kept()
    {
        const string Red = """{"type":"report","spec_version":"2.1","id":"report--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"secret name","published":"2026-01-01T00:00:00Z","object_refs":["identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"],"object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]}""";
        using var content = new StringContent($"{{\"objects\":[{Red}]}}");
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse("application/taxii+json;version=2.1");
        using var answer = await _http.PostAsync("share/collections/inbox/objects/", content, Cancel);
        Assert.Contains("TLP:RED", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Empty((await _node.Get<ListReceived>().RunAsync(_node.Modules.Person("Ana", Role.Analyst), new(), Cancel)).Value.Items);
        Assert.Equal(0, await _node.Database.FindAsync<int>("select count(*)::int from uplink.received where title <> '' or length(raw) > 0", null, Cancel));
        Assert.Equal("{}", await _http.GetStringAsync("share/collections/inbox/objects/", Cancel));
    }

    [Fact]
    public async Task Credential_is_never_shown_again_and_ends_with_rotation_and_removal()
    {
        var manu = _node.Modules.Person("Manu", Role.Manager);
        var second = (await _node.Get<RotateCredentials>().RunAsync(manu, new(_peer.Value), Cancel)).Value;
        Assert.Equal(401, (int)(await _http.GetAsync("share/collections/", Cancel)).StatusCode);
        using var http = _node.Foreign(second);
        Assert.Equal(200, (int)(await http.GetAsync("share/collections/", Cancel)).StatusCode);
        await _node.Get<SetPeerSecret>().RunAsync(manu, new(_peer.Value, "basic", "us", "hunter2-very-secret"), Cancel);
        Assert.DoesNotContain("hunter2", await _node.Database.FindAsync<string>("select string_agg(t::text, '') from (select p::text as t from uplink.peers p union all select e::text from audit.entries e) x", null, Cancel), StringComparison.Ordinal);
        Assert.True((await _node.Get<RemovePeer>().RunAsync(manu, _peer, Cancel)).Succeeded);
        Assert.Equal(401, (int)(await http.GetAsync("share/collections/", Cancel)).StatusCode);
    }

    private Task<string> SharedAsync() => _http.GetStringAsync("share/collections/shared/objects/", Cancel);

    private async Task<Approval> WordAsync(Guid share) =>
        new(share, [_peer.Value], "Cybersecurity act, article 12", (await _node.Get<ShowShare>().RunAsync(_node.Modules.Person("Manu", Role.Manager), share, Cancel)).Value.Sha256);

    private Task<Outcome<Done>> ApproveAsync(Viewer viewer, Approval word) => _node.Get<ApproveShare>().RunAsync(viewer, word, Cancel);

    private static string Key(Outcome<Done> outcome) => outcome.Refusals[0].Key;
}
