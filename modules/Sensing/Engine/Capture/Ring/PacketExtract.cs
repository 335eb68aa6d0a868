using System.Buffers.Binary;
using System.Text;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Flow;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.Capture.Ring;

/// <summary>Finds the packets of a conversation in the rings and writes them to one pcap file, in the order of time.</summary>
internal sealed class PacketExtract(string ringFolder, PacketQuery query)
{
    private const int MostPackets = 1_000_000;
    public const long MostBytes = 64L << 20;
    private readonly Decode.Decoder _decoder = new(new DecodeOptions(), new DecodeCounters());
    private readonly Packet _packet = new();
    private readonly Dictionary<uint, bool> _known = [];
    private readonly List<Hit> _hits = [];
    private readonly byte[] _text = new byte[64];
    private long _bytes;

    private readonly record struct Hit(long Time, string File, uint At, int Length);

    public int Packets => _hits.Count;
    public long FirstTime => _hits.Count > 0 ? _hits[0].Time : 0;
    public long LastTime => _hits.Count > 0 ? _hits[^1].Time : 0;

    /// <summary>Time of the oldest packet that the rings still hold; 0 when they are empty.</summary>
    public long Oldest { get; private set; }

    /// <summary>More packets fit than are given out.</summary>
    public bool Cut { get; private set; }

    /// <summary>Packets whose link layer differs from that of the first: a pcap file holds one kind.</summary>
    public int OtherLink { get; private set; }

    public long BytesWritten { get; private set; }

    /// <summary>Writes the file; its name is given only once it is complete. Throws <see cref="IOException"/>.</summary>
    public void Run(string into, CancellationToken ct)
    {
        if (Directory.Exists(ringFolder))
            foreach (string path in Directory.EnumerateFiles(ringFolder, "*.pcap").Order(StringComparer.Ordinal))
            {
                if (ct.IsCancellationRequested || Cut) break;
                try
                {
                    Look(path);
                }
                catch (FileNotFoundException)
                {
                    // the ring went round meanwhile: what this file held is older than what is kept
                    continue;
                }
            }
        _hits.Sort((a, b) => a.Time != b.Time ? a.Time.CompareTo(b.Time) : string.CompareOrdinal(a.File, b.File) is not 0 and var c ? c : a.At.CompareTo(b.At));
        Directory.CreateDirectory(Path.GetDirectoryName(into)!);
        string making = into + ".new";
        Write(making);
        File.Move(making, into, true);
    }

    private void Look(string path)
    {
        using FileStream pcap = Open(path);
        byte[] index = File.ReadAllBytes(Path.ChangeExtension(path, ".idx"));
        int entries = index.Length / PacketRing.EntrySize;
        if (entries == 0 || pcap.Length < PacketRing.FileHeader) return;
        long first = BinaryPrimitives.ReadInt64LittleEndian(index), last = BinaryPrimitives.ReadInt64LittleEndian(index.AsSpan((entries - 1) * PacketRing.EntrySize));
        if (Oldest == 0 || first < Oldest) Oldest = first;
        // packets of one thread come in order but for a few: a minute of room on both sides
        if (first - 60_000_000 > query.To || last + 60_000_000 < query.From) return;
        Span<byte> head = stackalloc byte[PacketRing.FileHeader];
        pcap.ReadExactly(head);
        int linkType = BinaryPrimitives.ReadInt32LittleEndian(head[20..]);
        uint taken = uint.MaxValue;
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> entry = index.AsSpan(i * PacketRing.EntrySize);
            long time = BinaryPrimitives.ReadInt64LittleEndian(entry);
            if (time < query.From || time > query.To) continue;
            uint hash = BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]), at = BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]);
            if (at == taken || _known.TryGetValue(hash, out bool wanted) && !wanted) continue;
            if (ReadRecord(pcap, at) is not { } bytes) continue;
            bool fits = Fits(bytes, time, linkType, hash);
            if (!fits) continue;
            taken = at;
            _bytes += bytes.Length + PacketRing.RecordHeader;
            if (_hits.Count >= MostPackets || _bytes > MostBytes)
            {
                Cut = true;
                return;
            }
            _hits.Add(new Hit(time, path, at, bytes.Length));
        }
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16);

    /// <summary>The captured bytes of the record at an offset; null when they are not all there.</summary>
    private static byte[]? ReadRecord(FileStream pcap, uint at)
    {
        if (at < PacketRing.FileHeader || at + PacketRing.RecordHeader > pcap.Length) return null;
        Span<byte> head = stackalloc byte[PacketRing.RecordHeader];
        pcap.Position = at;
        pcap.ReadExactly(head);
        int length = BinaryPrimitives.ReadInt32LittleEndian(head[8..]);
        if (length is < 0 or > 1 << 18 || at + PacketRing.RecordHeader + length > pcap.Length) return null;
        var bytes = new byte[length];
        pcap.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Does the packet, or what it carries in a tunnel, belong? The first packet of a hash answers for all of the same hash only when it says no.</summary>
    private bool Fits(byte[] bytes, long time, int linkType, uint hash)
    {
        _decoder.Decode(new RawPacket { Buffer = bytes, Length = bytes.Length, WireLength = bytes.Length, LinkType = linkType, Time = time }, _packet, 1);
        bool fits = Fits(_packet), mine = HashOf(_packet) == hash && !fits;
        foreach (Packet inner in _decoder.Inner)
        {
            bool one = Fits(inner);
            fits |= one;
            mine |= HashOf(inner) == hash && !one;
        }
        _decoder.Recycle();
        if (!fits && mine && _known.Count < MostPackets) _known[hash] = false;
        return fits;
    }

    private static uint HashOf(Packet p) => FlowTable.HashFor(p);

    private bool Fits(Packet p)
    {
        if (p.IpVersion == 0 || query.Protocol >= 0 && p.Protocol != query.Protocol) return false;
        bool fragment = p.Is(PacketMarks.Fragment);
        if (query.CommunityId != null)
        {
            if (fragment) return false;
            bool icmp = p.HasIcmp;
            ushort source = icmp ? p.IcmpType : p.SourcePort, destination = icmp ? FlowTable.Counterpart(p.IpVersion, p.IcmpType) : p.DestinationPort;
            int n = Output.CommunityId.Write(p.Source_, p.Destination, source, destination, p.Protocol, p.HasPorts || icmp, icmp && source == destination, 0, _text);
            return Encoding.ASCII.GetString(_text, 0, n) == query.CommunityId;
        }
        return OneWay(query.Source, query.Destination, query.SourcePort, query.DestinationPort) || OneWay(query.Destination, query.Source, query.DestinationPort, query.SourcePort);

        bool OneWay(IpAddress source, IpAddress destination, int sourcePort, int destinationPort) =>
            p.Source_ == source && p.Destination == destination
            && (fragment || !p.HasPorts || (sourcePort < 0 || p.SourcePort == sourcePort) && (destinationPort < 0 || p.DestinationPort == destinationPort));
    }

    private void Write(string path)
    {
        using var to = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16);
        var head = new byte[PacketRing.FileHeader];
        var record = new byte[PacketRing.RecordHeader];
        var files = new Dictionary<string, (FileStream Stream, int LinkType)>();
        int linkType = -1;
        foreach (Hit hit in _hits)
        {
            if (!files.TryGetValue(hit.File, out var file))
            {
                FileStream stream = Open(hit.File);
                stream.ReadExactly(head);
                files[hit.File] = file = (stream, BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(20)));
            }
            if (linkType < 0)
            {
                linkType = file.LinkType;
                PacketRing.WriteHeader(head, linkType);
                to.Write(head);
            }
            if (file.LinkType != linkType)
            {
                OtherLink++;
                continue;
            }
            file.Stream.Position = hit.At;
            file.Stream.ReadExactly(record);
            to.Write(record);
            var bytes = new byte[hit.Length];
            file.Stream.ReadExactly(bytes);
            to.Write(bytes);
        }
        if (linkType < 0)
        {
            PacketRing.WriteHeader(head, 1);
            to.Write(head);
        }
        BytesWritten = to.Length;
        foreach (var (stream, _) in files.Values) stream.Dispose();
    }
}
