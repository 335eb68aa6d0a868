using System.Buffers.Binary;
using System.IO.Compression;
using Appliance.Sensing.Engine;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>What a capture may be, and how a run may be asked for: exit code and what is seen, as with Suricata 7.0.10; packed captures and <c>-r … --runmode workers</c> it does not take.</summary>
public sealed class OptionMatrixTests
{
    private const string C = "192.0.2.9", S = "198.51.100.9";
    private const string Rules = "alert tcp any any -> any any (msg:\"wrong sum\"; tcpv4-csum:invalid; sid:1;)\nalert http any any -> any any (msg:\"asked\"; http.uri; content:\"/\"; sid:2;)\nalert udp any any -> any 53 (msg:\"name\"; sid:3;)\n";

    /// <summary>A request of which the packet that asks has a wrong checksum where <paramref name="wrong"/> says so, and a question for a name.</summary>
    private static byte[] Capture(bool wrong = false)
    {
        byte[] made = new PacketForge().Http(C, 4000, S, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").Udp(C, 4001, S, 53, PacketForge.DnsQuery(1, "a.example")).ToArray();
        if (!wrong) return made;
        for (int at = 24, n = 1; at < made.Length; at += 16 + BitConverter.ToInt32(made, at + 8), n++)
            if (n == 4) made[at + 16 + 14 + 20 + 16] ^= 0x55;
        return made;
    }

    [Theory]
    [InlineData("", 0, "2 3")]
    [InlineData("-k none", 0, "2 3")]
    [InlineData("-k all", 0, "2 3")]
    [InlineData("-k some", 1, "")]
    [InlineData("--runmode single", 0, "2 3")]
    [InlineData("--runmode=autofp", 0, "2 3")]
    [InlineData("--runmode workers", 0, "2 3")]
    [InlineData("--runmode autofp --threads 3", 0, "2 3")]
    [InlineData("--runmode fast", 1, "")]
    [InlineData("tcp port 80", 0, "2")]
    [InlineData("udp", 0, "3")]
    [InlineData("tcp and and", 1, "")]
    [InlineData("-F FOLDER/f.bpf", 0, "2")]
    [InlineData("-F FOLDER/empty.bpf", 0, "2 3")]
    [InlineData("-F FOLDER/bad.bpf", 1, "")]
    [InlineData("-F FOLDER/none.bpf", 1, "")]
    [InlineData("--set app-layer.protocols.http.enabled=no", 0, "3")]
    [InlineData("--set app-layer.protocols.http.enabled=no --set app-layer.protocols.http.enabled=yes", 0, "2 3")]
    [InlineData("--set nothing.of.the.kind=5", 0, "2 3")]
    [InlineData("--set nothing", 1, "")]
    [InlineData("--include FOLDER/more.yaml", 0, "3")]
    [InlineData("--include FOLDER/none.yaml", 1, "")]
    [InlineData("--init-errors-fatal --set stream.midstream-policy=drop-flow", 1, "")]
    [InlineData("--set stream.midstream-policy=drop-flow", 0, "2 3")]
    [InlineData("-i lo", 1, "")]
    [InlineData("--nothing", 1, "")]
    public async Task Options_do_what_they_say(string options, int exit, string sids)
    {
        Replayed run = await Replayed.Configured(Capture(), Rules, new()
        {
            ["f.bpf"] = "# what is wanted\ntcp and\n  port 80\n", ["empty.bpf"] = "", ["bad.bpf"] = "tcp and and\n",
            ["more.yaml"] = "%YAML 1.1\n---\napp-layer:\n  protocols:\n    http:\n      enabled: no\n",
        }, options.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.True(exit == run.Exit, run.Log);
        Assert.Equal(sids, string.Join(' ', run.Sids));
    }

    /// <summary>The request has a wrong checksum: told by rules unless nobody reads checksums, and no part of its stream unless they do not count.</summary>
    [Theory]
    [InlineData("", "1 3")]
    [InlineData("-k all", "1 3")]
    [InlineData("-k none", "1 2 3")]
    [InlineData("--set stream.checksum-validation=no", "1 2 3")]
    [InlineData("--set pcap-file.checksum-checks=yes", "1 3")]
    [InlineData("--set pcap-file.checksum-checks=yes -k none", "1 2 3")]
    [InlineData("--set pcap-file.checksum-checks=auto", "1 3")]
    [InlineData("--set pcap-file.checksum-checks=no", "2 3")]
    [InlineData("--set pcap-file.checksum-checks=no -k all", "2 3")]
    public async Task Wrong_checksums_count_as_the_options_say(string options, string sids)
    {
        Replayed run = await Replayed.Of(Capture(true), Rules, options.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(sids, string.Join(' ', run.Sids));
    }

    /// <summary>A card that works checksums out later: after a thousand packets the file is believed, if more than a tenth were wrong.</summary>
    [Theory]
    [InlineData("", 101, 1000, 101)]
    [InlineData("", 100, 1000, 200)]
    [InlineData("--threads 3", 101, 1000, 101)]
    [InlineData("--set pcap-file.checksum-checks=yes", 101, 1000, 201)]
    public async Task A_file_full_of_wrong_checksums_is_believed_in_the_end(string options, int wrong, int packets, int told)
    {
        var forge = new PacketForge();
        for (int i = 0; i < packets + 99; i++)
        {
            byte[] segment = PacketForge.TcpSegment(C, (ushort)(2000 + i), S, 80, 100, 0, 2, []);
            if (i < wrong || i >= packets - 1) segment[16] ^= 0x55;
            forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(C, S, 6, segment)));
        }
        Replayed run = await Replayed.Of(forge, Rules, options.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(told, run.Sids.Count(s => s == 1));
    }

    [Theory]
    [InlineData("plain", 0, 1, 0)]
    [InlineData("gz", 0, 1, 0)]
    [InlineData("pcapng", 0, 1, 0)]
    [InlineData("pcapng gz", 0, 1, 0)]
    [InlineData("nanoseconds", 0, 1, 0)]
    [InlineData("big endian", 0, 1, 0)]
    [InlineData("cut", 0, 1, 1)]
    [InlineData("cut strict", 2, 1, 1)]
    [InlineData("head", 0, 0, 0)]
    [InlineData("empty", 1, 0, 0)]
    [InlineData("junk", 1, 0, 0)]
    [InlineData("folder", 0, 2, 0)]
    [InlineData("folder deep", 0, 3, 0)]
    public async Task Captures_are_read_in_every_form(string form, int exit, int captures, int lacking)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "x");
        byte[] plain = Capture();
        int packets = captures * Packets(plain) - lacking;
        byte[] made = form switch
        {
            "gz" => Packed(plain),
            "pcapng" => Blocks(plain),
            "pcapng gz" => Packed(Blocks(plain)),
            "nanoseconds" or "big endian" => Turned(plain, form == "big endian"),
            "cut" or "cut strict" => plain[..^5],
            "head" => plain[..24],
            "empty" => [],
            "junk" => "GET / HTTP/1.0\r\nthis is no capture at all\r\n"u8.ToArray(),
            _ => plain,
        };
        if (form.StartsWith("folder", StringComparison.Ordinal))
        {
            Directory.CreateDirectory(Path.Combine(path, "below"));
            foreach (string name in (string[])["1.pcap", "2.pcap", "below/3.pcap"])
            {
                await File.WriteAllBytesAsync(Path.Combine(path, name), made, TestContext.Current.CancellationToken);
                File.SetLastWriteTimeUtc(Path.Combine(path, name), DateTime.UtcNow.AddHours(-1));
            }
        }
        else await File.WriteAllBytesAsync(path, made, TestContext.Current.CancellationToken);
        var log = new StringWriter();
        string[] more = form switch { "cut strict" => ["--strict-capture"], "folder deep" => ["--pcap-file-recursive"], _ => [] };
        Assert.Equal(exit, await SensorProgram.RunAsync(["-r", path, "-l", folder.Path, "--disable-detection", .. more], log, log, TestContext.Current.CancellationToken));
        string stats = File.ReadLines(Path.Combine(folder.Path, "eve.json")).LastOrDefault(l => l.Contains("\"event_type\":\"stats\"", StringComparison.Ordinal)) ?? "\"pkts\":0,";
        Assert.Contains($"\"pkts\":{packets},", stats, StringComparison.Ordinal);
    }

    private static int Packets(byte[] plain)
    {
        int count = 0;
        for (int at = 24; at < plain.Length; at += 16 + BitConverter.ToInt32(plain, at + 8)) count++;
        return count;
    }

    private static byte[] Packed(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest)) zip.Write(bytes);
        return packed.ToArray();
    }

    private static byte[] Turned(byte[] plain, bool big)
    {
        byte[] turned = [.. plain];
        void Word(int at, uint value)
        {
            if (big) BinaryPrimitives.WriteUInt32BigEndian(turned.AsSpan(at), value);
            else BinaryPrimitives.WriteUInt32LittleEndian(turned.AsSpan(at), value);
        }
        Word(0, big ? 0xa1b2c3d4 : 0xa1b23c4d);
        if (big) new byte[] { 0, 2, 0, 4 }.CopyTo(turned, 4);
        for (int at = 8; at < 24; at += 4) Word(at, BitConverter.ToUInt32(plain, at));
        for (int at = 24; at < plain.Length; at += 16 + BitConverter.ToInt32(plain, at + 8))
            for (int i = 0; i < 4; i++) Word(at + i * 4, BitConverter.ToUInt32(plain, at + i * 4) * (i == 1 && !big ? 1000u : 1));
        return turned;
    }

    private static byte[] Blocks(byte[] plain)
    {
        var file = new MemoryStream();
        void Block(uint type, params byte[][] parts)
        {
            int length = parts.Sum(p => p.Length), padded = length + 3 & ~3;
            file.Write([.. BitConverter.GetBytes(type), .. BitConverter.GetBytes(12 + padded), .. parts.SelectMany(p => p), .. new byte[padded - length], .. BitConverter.GetBytes(12 + padded)]);
        }
        Block(0x0a0d0d0a, BitConverter.GetBytes(0x1a2b3c4d), [1, 0, 0, 0], BitConverter.GetBytes(-1L));
        Block(1, [1, 0, 0, 0], BitConverter.GetBytes(65535));
        for (int at = 24, length; at < plain.Length; at += 16 + length)
        {
            length = BitConverter.ToInt32(plain, at + 8);
            long time = BitConverter.ToUInt32(plain, at) * 1_000_000L + BitConverter.ToUInt32(plain, at + 4);
            Block(6, [0, 0, 0, 0], BitConverter.GetBytes((uint)(time >> 32)), BitConverter.GetBytes((uint)time), BitConverter.GetBytes(length), BitConverter.GetBytes(length), plain[(at + 16)..(at + 16 + length)]);
        }
        return file.ToArray();
    }
}
