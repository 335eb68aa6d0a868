using System.IO.Compression;
using System.Text;
using Appliance.Fuzz.Targets;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Capture.Pcap;
using Appliance.Sensing.Engine.Memory;
using Xunit;

namespace Appliance.Fuzz;

/// <summary>Containers: capture files of all kinds, and what is packed inside what is captured.</summary>
[Collection("one at a time")]
public sealed class ByteTests
{
    private const int Sample = 400, Long = 50_000;
    private const int MostInflated = 1 << 20;

    private static int Budget => Campaign.IsLong ? Long : Sample;

    private static byte[] Block(uint type, params byte[] body)
    {
        var block = new byte[12 + body.Length];
        BitConverter.TryWriteBytes(block, type);
        BitConverter.TryWriteBytes(block.AsSpan(4), block.Length);
        body.CopyTo(block, 8);
        BitConverter.TryWriteBytes(block.AsSpan(block.Length - 4), block.Length);
        return block;
    }

    /// <summary>A section, an interface with a resolution, a packet, a simple packet.</summary>
    private static byte[] Ng =>
    [
        .. Block(0x0a0d0d0a, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
        .. Block(1, 1, 0, 0, 0, 0, 0, 4, 0, 9, 0, 1, 0, 9, 0, 0, 0, 14, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        .. Block(6, [.. new byte[12], 16, 0, 0, 0, 16, 0, 0, 0, .. new byte[16]]), .. Block(3, [16, 0, 0, 0, .. new byte[16]]), .. Block(5, new byte[16]),
    ];

    private static byte[] Classic(uint magic, bool swap)
    {
        byte[] bytes = [.. BitConverter.GetBytes(magic), 2, 0, 4, 0, .. new byte[8], 0xff, 0xff, 0, 0, 1, 0, 0, 0, .. new byte[8], 20, 0, 0, 0, 20, 0, 0, 0, .. new byte[20]];
        if (swap)
            for (int at = 0; at < 40; at += 4) Array.Reverse(bytes, at, at == 4 ? 0 : 4);
        return bytes;
    }

    private static byte[] Packed(byte[] plain, Func<Stream, Stream> by)
    {
        var memory = new MemoryStream();
        using (Stream packer = by(memory)) packer.Write(plain);
        return memory.ToArray();
    }

    [Fact]
    public void Changed_capture_files_are_read_as_far_as_they_go()
    {
        List<byte[]> seeds = [Ng, Classic(0xa1b2c3d4, false), Classic(0xa1b2c3d4, true), Classic(0xa1b23c4d, false), Classic(0xa1b2cd34, false), Packed(Ng, s => new GZipStream(s, CompressionLevel.Fastest)), .. Corpus.Of("readers")];
        Assert.Empty(new Campaign("readers", seeds) { Budget = Budget }.Run((bytes, features) =>
        {
            try
            {
                using var reader = new PcapReader(new MemoryStream(bytes));
                RawPacket raw = default;
                int packets = 0;
                while (reader.TryRead(ref raw))
                {
                    packets++;
                    // the promise that all later stages build on
                    if (raw.Length < 0 || raw.Offset < 0 || raw.Offset + raw.Length > raw.Buffer.Length) throw new InvalidDataException($"a packet of {raw.Length} bytes at {raw.Offset} of {raw.Buffer.Length}");
                }
                features.Count("packets", packets);
                features.Add((reader.TruncatedReason ?? "").Length);
            }
            catch (CaptureException e)
            {
                // no capture: refused by name
                features.Add(e.Message.Length);
            }
        }));
    }

    [Fact]
    public void Changed_packed_bytes_are_inflated_within_bounds()
    {
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 400).Select(i => $"line {i * i}\n"))), zeroes = new byte[1 << 20];
        List<byte[]> seeds = [.. new[] { text, zeroes, "a"u8.ToArray() }.SelectMany(plain => (byte[][])[Packed(plain, s => new GZipStream(s, CompressionLevel.Optimal)), Packed(plain, s => new ZLibStream(s, CompressionLevel.Optimal)), Packed(plain, s => new DeflateStream(s, CompressionLevel.NoCompression))]), .. Corpus.Of("packed")];
        Assert.Empty(new Campaign("packed", seeds) { Budget = Budget }.Run((bytes, features) =>
        {
            foreach (Inflater.Format format in Enum.GetValues<Inflater.Format>())
            {
                var inflater = new Inflater(format);
                var to = new SlidingBuffer();
                // in two pieces, as it comes from the wire
                inflater.Feed(bytes.AsSpan(0, bytes.Length / 2), to, MostInflated);
                inflater.Feed(bytes.AsSpan(bytes.Length / 2), to, MostInflated);
                if (to.Length > 2 * MostInflated + 65536) throw new InvalidDataException($"{to.Length} bytes came out");
                features.Add(HashCode.Combine(format, inflater.Failed, inflater.Finished));
                features.Count("out", to.Length);
                to.Release();
            }
        }));
    }
}
