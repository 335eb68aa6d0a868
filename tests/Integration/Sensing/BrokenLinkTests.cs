using System.Text.Json;
using Appliance.Sensing.Inbox;
using Appliance.Sensing.Pipeline;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>Each link of the chain is broken in turn, and the answer names that link and says in words, in every language, what to do.</summary>
public sealed class BrokenLinkTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly string[] s_languages = ["en", "fr", "es", "ar", "zh", "ru"];

    [Fact]
    public async Task The_broken_link_is_the_one_that_is_named()
    {
        await using var world = await SensingWorld.StartAsync();
        await Expect(world, "interface", "none");
        await SetAsync(world, "update sensing.sensors set interfaces = array['eth1']");
        await Expect(world, "interface", "waiting");
        await BeatAsync(world, 0, """{"name":"eth1","state":"not captured","reason":"CAP_NET_RAW missing"}""");
        await Expect(world, "interface", "refused");
        await BeatAsync(world, 0, """{"name":"eth1","state":"capturing"}""");
        await Expect(world, "packets", "none");
        await BeatAsync(world, 1000, """{"name":"eth1","state":"capturing"}""", kernelDrops: 900);
        await Expect(world, "packets", "lost");
        await BeatAsync(world, 1000, """{"name":"eth1","state":"capturing"}""");
        await Expect(world, "engine", "no-rules");
        await SetAsync(world, "update sensing.sensors set heartbeat_at = now() - interval '1 hour', started_at = now() - interval '2 hours'");
        await Expect(world, "engine", "silent");
        await SetAsync(world, "update sensing.sensors set stopped_at = now()");
        await Expect(world, "engine", "stopped");
        await SetAsync(world, "update sensing.sensors set stopped_at = null");
        world.Spool.Put("alerts", SensorSpool.Engine("""{"message":"generation loaded","generation":1,"rules_loaded":3,"rules_failed":0}"""));
        await BeatAsync(world, 1000, """{"name":"eth1","state":"capturing"}""");
        for (var i = 0; i < 6; i++)
            world.Spool.Put("events", SensorSpool.Dns(i));
        await SetAsync(world, "update sensing.bookmarks set read_at = now() - interval '5 minutes'");
        await Expect(world, "importer", "late");
        await world.ReadAsync();
        world.Spool.Put("alerts", SensorSpool.Alert(1));
        await world.ReadAsync();
        await Expect(world, "filters", "query", new InboxFilter("inbox", Query: "nothing"));
        Assert.Null((await world.Get<DiagnosePipeline>().RunAsync(world.Analyst, new(new InboxFilter("inbox")), None)).Value.Broken);
        var spool = Path.Combine(world.Spool.Folder, "spool");
        Directory.Move(spool, spool + ".away");
        await Expect(world, "spool", "missing");
        Directory.Move(spool + ".away", spool);
    }

    private static async Task Expect(SensingWorld world, string key, string finding, InboxFilter? filter = null)
    {
        var broken = (await world.Get<DiagnosePipeline>().RunAsync(world.Analyst, new(filter), None)).Value.Broken;
        Assert.Equal((key, finding), (broken?.Key, broken?.Finding));
        foreach (var language in s_languages)
        {
            using var words = JsonDocument.Parse(await File.ReadAllTextAsync(Checkout.At("modules", "Sensing", "Module", "Text", $"{language}.json"), None));
            var sentence = words.RootElement.GetProperty($"sensing.pipeline.{key}.{finding}").GetString()!;
            // The particulars are said, and all that are asked for are there.
            Assert.DoesNotContain("{", string.Format(System.Globalization.CultureInfo.InvariantCulture, sentence, [.. broken!.Arguments]), StringComparison.Ordinal);
        }
        Assert.StartsWith("/", broken!.Link, StringComparison.Ordinal);
    }

    private static async Task BeatAsync(SensingWorld world, long packets, string face, long kernelDrops = 0)
    {
        world.Spool.Put(
            "alerts",
            """{"timestamp":"2026-11-20T10:00:00.000000+0000","event_type":"stats","stats":{"uptime":3,"capture":{"kernel_drops":DROPS},"decoder":{"pkts":PACKETS},"sensor":{"interfaces":[FACE]}}}"""
                .Replace("DROPS", $"{kernelDrops}", StringComparison.Ordinal).Replace("PACKETS", $"{packets}", StringComparison.Ordinal).Replace("FACE", face, StringComparison.Ordinal));
        await world.ReadAsync();
    }

    private static Task SetAsync(SensingWorld world, string sql) => world.Modules.Database.ExecuteAsync(sql, null, None);
}
