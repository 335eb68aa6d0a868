using System.Text.Json;
using Appliance.Sensing.Engine.AppLayer.Dnp3;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>DNP3: link frames, fragments of several segments, objects with their points, and what a broken exchange leads to.</summary>
public sealed class Dnp3Tests
{
    private static readonly string[] On = ["--set", "app-layer.protocols.dnp3.enabled=yes"];

    /// <summary>A link frame with one transport segment: header and each sixteen octets are followed by their check sum.</summary>
    private static byte[] Frame(string application, byte control = 0xc4, byte transport = 0xc0)
    {
        byte[] user = [transport, .. ProtocolTests.Hex(application)], header = [5, 0x64, (byte)(user.Length + 5), control, 10, 0, 1, 0];
        List<byte> frame = [.. header, .. Sum(header)];
        foreach (byte[] block in user.Chunk(16)) frame.AddRange([.. block, .. Sum(block)]);
        return [.. frame];
    }

    private static byte[] Sum(byte[] block) => BitConverter.GetBytes(Dnp3Check.Of(block));

    private static PacketForge Talk(params (bool, byte[])[] messages) => new PacketForge().Conversation("192.0.2.2", 4000, "192.0.2.9", 20000, messages);

    internal static PacketForge Exchange => Talk((true, Frame("c0 01 3c 02 06 01 02 00 00 02")), (false, Frame("c0 81 80 00 1e 05 00 00 01 01 0000c03f 01 00000040 01 01 00 03 04 02", 0x44)));

    [Fact]
    public async Task A_response_shows_its_objects_and_their_points()
    {
        Replayed run = await Replayed.Of(Exchange, """
            alert dnp3 any any -> any any (dnp3_func:response; dnp3_ind:device_restart,need_time; dnp3_obj:30,5; sid:1;)
            alert dnp3 any any -> any any (flow:to_server; dnp3_func:1; dnp3.data; content:"|c0 01 3c 02 06|"; startswith; sid:2;)
            alert dnp3 any any -> any any (dnp3_func:write; sid:3;)
            alert dnp3 any any -> any any (dnp3_ind:need_time; sid:4;)
            alert dnp3 any any -> any any (app-layer-event:dnp3.unknown_object; sid:5;)
            """, On);
        Assert.Equal([1, 2, 5], run.Sids); // the request names points it does not bring
        JsonElement response = run.Of("dnp3").Select(r => r.GetProperty("dnp3")).Single(d => d.GetProperty("type").GetString() == "response"), application = response.GetProperty("application");
        Assert.Equal("device_restart", response.GetProperty("iin").GetProperty("indicators")[0].GetString());
        Assert.True(application.GetProperty("complete").GetBoolean());
        JsonElement analog = application.GetProperty("objects")[0].GetProperty("points");
        Assert.Equal([1.5, 2.0], analog.EnumerateArray().Select(p => p.GetProperty("value").GetDouble()));
        JsonElement packed = application.GetProperty("objects")[1];
        Assert.Equal([0, 1], packed.GetProperty("points").EnumerateArray().Select(p => p.GetProperty("state").GetInt32()));
        Assert.Equal(3, packed.GetProperty("points")[0].GetProperty("index").GetInt32());
    }

    [Fact]
    public async Task A_fragment_of_two_segments_is_put_together_and_one_without_its_end_is_not_told_of()
    {
        Replayed run = await Replayed.Of(Talk((true, Frame("c0 02 33 01 07 01 a0", transport: 0x40)), (true, Frame("0102030405", transport: 0x81)), (true, Frame("c1 02 33 01 07 01 a0", transport: 0x42)),
            (true, Frame("c2 01 3c 02 06", transport: 0xc3))), "", On);
        var fragments = run.Of("dnp3").Select(r => r.GetProperty("dnp3").GetProperty("application")).ToList();
        Assert.Equal([2, 1], fragments.Select(f => f.GetProperty("function_code").GetInt32()));
        Assert.Equal(0x0504030201a0, fragments[0].GetProperty("objects")[0].GetProperty("points")[0].GetProperty("timestamp").GetInt64());
    }

    [Fact]
    public async Task Broken_sums_short_frames_and_long_ranges_raise_events()
    {
        byte[] badBlock = Frame("c0 01 3c 01 06"), badHeader = Frame("c0 01 3c 01 06");
        badBlock[^1] ^= 1;
        badHeader[8] ^= 1;
        Replayed run = await Replayed.Of(Talk((true, Frame("c0 01 01 02 01 0000 ffff")), (true, Frame("c0 02 33 01", transport: 0x40)), (true, badBlock), (true, badHeader)), """
            alert dnp3 any any -> any any (app-layer-event:dnp3.too_many_points; sid:1;)
            alert dnp3 any any -> any any (app-layer-event:dnp3.bad_transport_crc; sid:2;)
            alert dnp3 any any -> any any (app-layer-event:dnp3.bad_link_crc; sid:3;)
            """, On);
        Assert.Equal([1, 2, 3], run.Sids);
    }

    [Fact]
    public void The_object_library_is_read_whole()
    {
        Assert.True(Dnp3Objects.Find(1, 1)!.Packed);
        Assert.Equal(11 * 8, Dnp3Objects.Find(12, 1)!.Fields.Sum(f => f.Bits));
        Assert.Equal("filename"u8.ToArray(), Dnp3Objects.Find(70, 1)!.Fields.Single(f => f.LengthIn == 0).Name);
        Assert.Null(Dnp3Objects.Find(60, 1));
    }
}
