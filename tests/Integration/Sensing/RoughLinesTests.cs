using System.Globalization;
using System.Text;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>An eve.json that grows, turns over and holds what no line should hold: each bad line is counted and kept aside, and the next one is read.</summary>
public sealed class RoughLinesTests
{
    private static readonly bool s_long = Environment.GetEnvironmentVariable(LongFactAttribute.Variable) == "1";
    private static readonly int s_rotations = s_long ? 1000 : 40;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("rename")]
    [InlineData("truncate")]
    public async Task Rotations_at_a_thousand_lines_a_second_lose_no_line_and_read_none_twice(string way)
    {
        var folder = Directory.CreateTempSubdirectory("cirt-rotations-").FullName;
        try
        {
            await using var world = await WorldAsync(folder);
            // Before its first line the host knows of no file that could be turned away.
            await File.WriteAllTextAsync(Path.Combine(folder, "eve.json"), SensorSpool.Dns(0) + "\n", Cancel);
            await world.ReadAsync();
            var writing = Task.Run(() => Write(folder, way), Cancel);
            while (!writing.IsCompleted)
                await world.ReadAsync();
            var written = await writing;
            await world.ReadAsync();
            await world.ReadAsync();
            TestContext.Current.TestOutputHelper?.WriteLine($"{s_rotations} rotations, {written} lines");
            Assert.Equal("", await world.AskAsync<string>("select coalesce(count(*) || ': ' || string_agg(n::text, ' '), '') from generate_series(0, @last) n where not exists (select 1 from sensing.events where flow_id = n)", new { last = written - 1 }));
            Assert.Equal(written, await world.AskAsync<long>("select lines from sensing.bookmarks where stream = 'eve'"));
            Assert.Equal(written, await world.AskAsync<long>("select count(*) from sensing.events"));
            Assert.Equal(written, await world.AskAsync<long>("select count(distinct flow_id) from sensing.events"));
            Assert.Equal(0, await world.AskAsync<long>("select rejected + blank from sensing.bookmarks where stream = 'eve'"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Every_kind_of_bad_line_is_counted_and_kept_and_its_neighbours_are_read()
    {
        var folder = Directory.CreateTempSubdirectory("cirt-rough-").FullName;
        try
        {
            await using var world = await WorldAsync(folder);
            var rounds = s_long ? 200 : 5;
            var (good, lines) = (0, 0);
            await using (var eve = File.Create(Path.Combine(folder, "eve.json")))
            {
                for (var round = 0; round < rounds; round++)
                {
                    foreach (var bad in Bad())
                    {
                        await eve.WriteAsync(Encoding.UTF8.GetBytes(SensorSpool.Dns(good++) + "\n"), Cancel);
                        await eve.WriteAsync(bad, Cancel);
                        lines += 2;
                    }
                }
                await eve.WriteAsync(Encoding.UTF8.GetBytes(SensorSpool.Dns(good++) + "\r\n"), Cancel);
                // The last line has no end yet.
                await eve.WriteAsync("{\"timestamp\":\"2026-11-20T10:00:00.0"u8.ToArray(), Cancel);
                lines++;
            }
            await world.ReadAsync();
            Assert.Equal(good, await world.AskAsync<long>("select count(*) from sensing.events where type = 'dns' and name = 'a.example'"));
            Assert.Equal(good, await world.AskAsync<long>("select count(distinct flow_id) from sensing.events where type = 'dns' and name = 'a.example'"));
            Assert.Equal(lines, await world.AskAsync<long>("select lines from sensing.bookmarks where stream = 'eve'"));
            Assert.Equal(0, await world.AskAsync<long>("select lines - records - rejected - blank from sensing.bookmarks where stream = 'eve'"));
            Assert.Equal(rounds * 3, await world.AskAsync<long>("select blank from sensing.bookmarks where stream = 'eve'"));
            // Refused ones and mended ones lie aside byte for byte.
            Assert.Equal(
                await world.AskAsync<long>("select rejected + mended from sensing.bookmarks where stream = 'eve'"),
                await world.AskAsync<long>("select count(*) from sensing.rejects"));
            Assert.True(await world.AskAsync<long>("select rejected from sensing.bookmarks where stream = 'eve'") >= rounds * 5);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>One line of each kind, each with its end.</summary>
    private static IEnumerable<byte[]> Bad()
    {
        const string Head = "{\"timestamp\":\"2026-11-20T10:00:00.000000+0000\",\"event_type\":\"rough\",";
        yield return "\n"u8.ToArray();
        yield return "   \t\n"u8.ToArray();
        yield return "\r\n"u8.ToArray();
        yield return "not json at all\n"u8.ToArray();
        yield return Encoding.UTF8.GetBytes(SensorSpool.Dns(1)[..60] + "\n");
        yield return [.. Encoding.UTF8.GetBytes(Head + "\"a\":\""), 0xFF, 0xC0, 0x80, .. "\"}\n"u8];
        yield return [.. Encoding.UTF8.GetBytes(Head + "\"a\":\"x"), 0, .. "\"}\n"u8];
        yield return Encoding.UTF8.GetBytes(Head + "\"a\":\"nul \\u0000 and half a pair \\ud800\"}\n");
        yield return Encoding.UTF8.GetBytes(Head + "\"a\":1,\"a\":2,\"event_type\":\"rough\"}\n");
        yield return Encoding.UTF8.GetBytes(Head + "\"a\":\"" + new string('x', 1 << 20) + "\"}\n");
        yield return Encoding.UTF8.GetBytes(Head + "\"a\":" + new string('[', 10_000) + new string(']', 10_000) + "}\n");
        yield return Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 10_000)) + "1" + new string('}', 10_000) + "\n");
        yield return "[1,2,3]\n"u8.ToArray();
        yield return "\"text\"\n"u8.ToArray();
    }

    /// <summary>About a thousand lines a second; answers how many in all.</summary>
    private static long Write(string folder, string way)
    {
        var path = Path.Combine(folder, "eve.json");
        var number = 1;
        for (var rotation = 0; rotation <= s_rotations; rotation++)
        {
            // As the engine does: appended, whole lines and parts of lines as they come.
            using (var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0))
            {
                for (var line = 0; line < 50; line++)
                {
                    var bytes = Encoding.UTF8.GetBytes(SensorSpool.Dns(number++) + "\n");
                    file.Write(bytes.AsSpan(0, 30));
                    if (line % 10 == 0)
                        Thread.Sleep(10);
                    file.Write(bytes.AsSpan(30));
                }
            }
            if (rotation == s_rotations)
                break;
            var aside = string.Create(CultureInfo.InvariantCulture, $"{path}.{rotation:D6}");
            if (way == "rename")
            {
                File.Move(path, aside);
            }
            else
            {
                File.Copy(path, aside);
                using var emptied = new FileStream(path, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            }
        }
        return number;
    }

    private static Task<SensingWorld> WorldAsync(string folder) => SensingWorld.StartAsync(new Dictionary<string, string?>
    {
        ["sensing:folders:0:name"] = "stock",
        ["sensing:folders:0:path"] = folder,
        ["sensing:folders:0:kind"] = "suricata",
    });
}
