using System.Text;
using System.Text.Json;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Files;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;
using static Appliance.Sensing.Tests.Engine.Forge.Http2Forge;

namespace Appliance.Sensing.Tests.Engine;

public sealed class RangeTests
{
    private const string C = "192.0.2.9", S = "198.51.100.9";
    private const string Whole = "the first part EV" + "IL the second part";

    private static PacketForge Get(PacketForge forge, ushort port, int start, int end, string path = "/f.bin") => forge.Http(C, port, S, $"GET {path} HTTP/1.1\r\nHost: h.example\r\n\r\n",
        $"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{end}/{Whole.Length}\r\nContent-Length: {end - start + 1}\r\n\r\n{Whole[start..(end + 1)]}");

    private static IEnumerable<string> Files(Replayed run) => run.Of("fileinfo").Select(f => f.GetProperty("fileinfo")).Select(f => $"{f.GetProperty("size")}{(f.TryGetProperty("start", out JsonElement s) ? "@" + s : "")}");

    [Fact]
    public async Task Ranges_of_several_connections_make_one_file_that_rules_see()
    {
        PacketForge forge = new();
        Get(forge, 4000, 20, Whole.Length - 1);
        Get(forge, 4001, 12, 24);
        Get(forge, 4002, 0, 14);
        Replayed run = await Replayed.Of(forge, "alert http any any -> any any (file.data; content:\"part EVIL the\"; sid:1;)");
        Assert.Equal([1], run.Sids);
        Assert.Equal([$"{Whole.Length - 20}@20", "13@12", "15@0", $"{Whole.Length}"], Files(run));
    }

    [Fact]
    public async Task Both_versions_of_http_add_to_the_same_file()
    {
        PacketForge forge = Get(new(), 4000, 0, 9);
        forge.Conversation(C, 4001, S, 80, (true, [.. Magic, .. Frame(Headers, 5, 1, Request("/f.bin"))]),
            (false, [.. Frame(Settings, 1, 0), .. Frame(Headers, 4, 1, Fields((":status", "206"), ("content-range", $"bytes 10-{Whole.Length - 1}/{Whole.Length}"))), .. Frame(Data, 1, 1, Encoding.ASCII.GetBytes(Whole[10..]))]));
        Replayed run = await Replayed.Of(forge, "");
        Assert.Contains($"{Whole.Length}", Files(run));
    }

    [Fact]
    public async Task Other_files_holes_and_slow_ones_stay_apart()
    {
        PacketForge forge = new();
        Get(forge, 4000, 0, 9);
        Get(forge, 4001, 10, Whole.Length - 1, "/other");
        Get(forge, 4002, 12, Whole.Length - 1);
        forge.Wait(100);
        Get(forge, 4003, 10, 11);
        Replayed run = await Replayed.Of(forge, "");
        Assert.DoesNotContain($"{Whole.Length}", Files(run));
    }

    [Fact]
    public void Ranges_beyond_the_memory_given_are_let_go_and_all_of_it_comes_back()
    {
        var store = new RangeStore();
        var context = new ParseContext(new AppLayerOptions { Ranges = new RangeOptions { Memcap = 1000 } });
        RangePart first = store.Open("h"u8, "/x"u8, new HttpRange(500, 999, 2000), context)!;
        first.Append(new byte[500]);
        Assert.Null(store.Open("h"u8, "/x"u8, new HttpRange(1000, 1600, 2000), context));
        Assert.Null(first.Finish(true)); // kept, for the beginning is missing
        Assert.Null(store.Open("h"u8, "/x"u8, new HttpRange(0, 599, 2000), context));
        RangePart cut = store.Open("h"u8, "/x"u8, new HttpRange(0, 99, 2000), context)!;
        cut.Append(new byte[50]);
        Assert.Null(cut.Finish(true));
        Assert.Null(store.Open("h"u8, "/x"u8, new HttpRange(0, 1999, 2000), context)); // the whole is no range
        context.Time = 1_000_000_000;
        RangePart late = store.Open("h"u8, "/y"u8, new HttpRange(1, 2, 5), context)!;
        late.Append("ab"u8);
        Assert.Null(late.Finish(true));
        Assert.NotNull(store.Open("h"u8, "/x"u8, new HttpRange(0, 900, 2000), context));
    }

    [Theory]
    [InlineData("bytes 0-9/20", 0, 9, 20)]
    [InlineData("bytes 5-9/*", 5, 9, -1)]
    [InlineData("bytes */20", -1, -1, 20)]
    public void A_content_range_is_read(string text, long start, long end, long size)
    {
        Assert.True(HttpRange.TryRead(Encoding.ASCII.GetBytes(text), out HttpRange range));
        Assert.Equal(new HttpRange(start, end, size), range);
    }

    [Theory]
    [InlineData("bytes x-9/20")]
    [InlineData("bytes 1-/20")]
    [InlineData("bytes 1-2")]
    [InlineData("lines 1-2/3")]
    [InlineData("bytes 1-99999999999999999999/3")]
    public void A_damaged_content_range_is_none(string text) => Assert.False(HttpRange.TryRead(Encoding.ASCII.GetBytes(text), out _));
}
