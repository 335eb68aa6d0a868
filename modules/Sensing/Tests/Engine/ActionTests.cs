using System.Text.Json;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class ActionTests
{
    private const string C = "192.0.2.9", S = "198.51.100.9";
    private const string Drops = "%YAML 1.1\n---\noutputs:\n  - eve-log:\n      enabled: yes\n      filename: eve.json\n      types:\n        - alert:\n            verdict: yes\n        - drop:\n            alerts: yes\n            flows: all\n        - http\n        - flow\n        - stats\n";

    private static byte[] Page() => new PacketForge().Http(C, 4000, S, "GET /bad HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").ToArray();

    private static Task<Replayed> Run(string rules, params string[] more) => Replayed.Configured(Page(), rules, new() { ["suricata.yaml"] = Drops }, more);

    private static string? Flow(Replayed run, string key) => run.Of("flow")[0].GetProperty("flow").TryGetProperty(key, out JsonElement value) ? value.ToString() : null;

    [Fact]
    public async Task A_drop_on_an_exchange_takes_the_flow_when_in_line()
    {
        Replayed run = await Run("drop http any any -> any any (msg:\"d\"; http.uri; content:\"/bad\"; sid:1;)", "--simulate-ips");
        JsonElement alert = Assert.Single(run.Of("alert"));
        Assert.Equal("blocked", alert.GetProperty("alert").GetProperty("action").GetString());
        Assert.Equal("drop", alert.GetProperty("verdict").GetProperty("action").GetString());
        Assert.Equal("drop", Flow(run, "action"));
        Assert.Equal("rules", run.Of("drop")[0].GetProperty("drop").GetProperty("reason").GetString());
        Assert.All(run.Of("drop").Skip(1), d => Assert.Equal("flow drop", d.GetProperty("drop").GetProperty("reason").GetString()));
        JsonElement ips = run.Of("stats")[^1].GetProperty("stats").GetProperty("ips");
        Assert.Equal(3, ips.GetProperty("accepted").GetInt32());
        Assert.Equal(run.Of("drop").Count, ips.GetProperty("blocked").GetInt32());
    }

    [Fact]
    public async Task A_drop_is_only_told_when_not_in_line()
    {
        Replayed run = await Run("drop http any any -> any any (msg:\"d\"; http.uri; content:\"/bad\"; sid:1;)");
        Assert.Equal("allowed", Assert.Single(run.Of("alert")).GetProperty("alert").GetProperty("action").GetString());
        Assert.Empty(run.Of("drop"));
        Assert.Single(run.Of("http"));
    }

    [Fact]
    public async Task A_rule_about_packets_drops_packets_and_lets_the_flow_go_on()
    {
        Replayed run = await Run("drop tcp any any -> any 80 (msg:\"d\"; dsize:>10; sid:1;)", "--simulate-ips");
        Assert.Single(run.Of("drop"));
        Assert.Null(Flow(run, "action"));
    }

    [Fact]
    public async Task Pass_ends_the_list_and_a_pass_that_alerts_is_reported()
    {
        const string alert = "\nalert http any any -> any any (msg:\"a\"; http.uri; content:\"/bad\"; sid:2;)";
        Replayed quiet = await Run("pass http any any -> any any (msg:\"p\"; http.uri; content:\"/bad\"; sid:1;)" + alert);
        Assert.Empty(quiet.Of("alert"));
        Assert.Equal("pass", Flow(quiet, "action"));
        Replayed told = await Run("pass http any any -> any any (msg:\"p\"; http.uri; content:\"/bad\"; alert; sid:1;)" + alert);
        Assert.Equal([1], told.Sids);
        Assert.Equal("pass", told.Of("alert")[0].GetProperty("verdict").GetProperty("action").GetString());
    }

    [Fact]
    public async Task The_order_of_actions_is_configurable()
    {
        const string rules = "pass http any any -> any any (msg:\"p\"; http.uri; content:\"/bad\"; sid:1;)\nalert http any any -> any any (msg:\"a\"; http.uri; content:\"/bad\"; sid:2;)";
        Replayed run = await Replayed.Configured(Page(), rules, new() { ["suricata.yaml"] = Drops + "action-order:\n  - alert\n  - pass\n" });
        Assert.Equal([2], run.Sids);
    }

    [Fact]
    public async Task Beyond_the_alerts_a_packet_may_have_the_rest_is_counted()
    {
        string rules = string.Join('\n', Enumerable.Range(1, 6).Select(i => $"alert tcp any any -> any 80 (msg:\"{i}\"; dsize:>10; sid:{i};)"));
        Replayed run = await Replayed.Configured(Page(), rules, new() { ["suricata.yaml"] = Drops + "packet-alert-max: 4\n" });
        Assert.Equal([1, 2, 3, 4], run.Sids);
        Assert.Equal(2, run.Of("stats")[^1].GetProperty("stats").GetProperty("detect").GetProperty("alert_queue_overflow").GetInt32());
    }

    [Fact]
    public async Task A_rate_filter_puts_its_action_in_place_of_the_rules()
    {
        var files = new Dictionary<string, string> { ["suricata.yaml"] = Drops, ["threshold.config"] = "rate_filter gen_id 1, sig_id 1, track by_rule, count 1, seconds 60, new_action drop, timeout 600\n" };
        Replayed run = await Replayed.Configured(Page(), "alert tcp any any -> any any (msg:\"r\"; ttl:64; sid:1;)", files, "--simulate-ips", "--set", "threshold-file=FOLDER/threshold.config");
        Assert.Equal("allowed", run.Of("alert")[0].GetProperty("alert").GetProperty("action").GetString());
        Assert.Equal("blocked", run.Of("alert")[1].GetProperty("alert").GetProperty("action").GetString());
        Assert.Equal("threshold detection_filter", run.Of("drop")[0].GetProperty("drop").GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData("suppress gen_id 1, sig_id 1", 0)]
    [InlineData("suppress gen_id 1, sig_id 1, track by_src, ip 192.0.2.0/24", 0)]
    [InlineData("suppress gen_id 1, sig_id 1, track by_dst, ip 192.0.2.0/24", 1)]
    [InlineData("suppress gen_id 1, sig_id 0, track by_either, ip [203.0.113.1,192.0.2.9]", 0)]
    [InlineData("suppress gen_id 1, sig_id 2", 1)]
    public async Task What_is_suppressed_still_acts(string line, int alerts)
    {
        var files = new Dictionary<string, string> { ["suricata.yaml"] = Drops, ["threshold.config"] = line + "\n" };
        Replayed run = await Replayed.Configured(Page(), "drop http any any -> any any (msg:\"d\"; http.uri; content:\"/bad\"; sid:1;)", files, "--simulate-ips", "--set", "threshold-file=FOLDER/threshold.config");
        Assert.Equal(alerts, run.Of("alert").Count);
        Assert.Equal("drop", Flow(run, "action"));
    }

    [Theory]
    [InlineData("drop-flow", "drop", "stream midstream")]
    [InlineData("pass-flow", "pass", null)]
    [InlineData("ignore", null, null)]
    public async Task A_conversation_seen_from_its_middle_meets_the_policy(string policy, string? action, string? reason)
    {
        var forge = new PacketForge().Tcp(C, 4000, S, 80, 100, 200, 0x18, "GET /bad HTTP/1.1\r\n\r\n"u8).Tcp(S, 80, C, 4000, 200, 124, 0x10);
        Replayed run = await Replayed.Configured(forge.ToArray(), "alert tcp any any -> any any (msg:\"a\"; content:\"/bad\"; sid:1;)", new() { ["suricata.yaml"] = Drops }, "--simulate-ips", "--set", "stream.midstream-policy=" + policy);
        Assert.Equal(action, Flow(run, "action"));
        Assert.Equal(reason, run.Of("drop").Select(d => d.GetProperty("drop").GetProperty("reason").GetString()).FirstOrDefault());
    }

    [Theory]
    [InlineData("requires: version >= 7 < 8;", 1)]
    [InlineData("requires: version >= 8;", 0)]
    [InlineData("requires: version >= 9 | >= 7.0.3;", 1)]
    [InlineData("requires: keyword nosuchthing;", 0)]
    [InlineData("requires: foo bar;", 0)]
    [InlineData("content:\"requires: version >= 9\";", 1)]
    public async Task A_rule_may_ask_for_an_engine_and_is_left_out_quietly(string option, int loaded)
    {
        Replayed run = await Run($"alert tcp any any -> any any (msg:\"r\"; {option} sid:1;)");
        JsonElement engine = run.Of("stats")[^1].GetProperty("stats").GetProperty("detect").GetProperty("engines")[0];
        Assert.Equal((loaded, 0, 1 - loaded), (engine.GetProperty("rules_loaded").GetInt32(), engine.GetProperty("rules_failed").GetInt32(), engine.GetProperty("rules_skipped").GetInt32()));
    }
}
