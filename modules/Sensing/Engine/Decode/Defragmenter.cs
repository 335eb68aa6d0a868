using System.Buffers.Binary;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.Decode;

internal enum OverlapPolicy : byte { Bsd, BsdRight, First, Linux, OldLinux, Solaris, Windows, Vista, Windows2003 }

/// <summary>Which target an address is treated like, in its segments and in its fragments; the longest prefix wins.</summary>
internal sealed class DefragPolicies
{
    private readonly List<(UInt128 Low, UInt128 High, int Prefix, OverlapPolicy Segments, OverlapPolicy Fragments)> _ranges = [];

    public void Add(UInt128 low, UInt128 high, int prefix, OverlapPolicy segments, OverlapPolicy fragments)
    {
        _ranges.Add((low, high, prefix, segments, fragments));
        _ranges.Sort((a, b) => b.Prefix - a.Prefix);
    }

    public OverlapPolicy For(IpAddress address) => Find(address).Segments;

    public OverlapPolicy ForFragments(IpAddress address) => Find(address).Fragments;

    private (OverlapPolicy Segments, OverlapPolicy Fragments) Find(IpAddress address)
    {
        UInt128 value = address.Value;
        foreach (var range in _ranges)
            if (value >= range.Low && value <= range.High) return (range.Segments, range.Fragments);
        return default;
    }
}

/// <summary>Puts IP fragments together, with the target's way of settling overlaps.</summary>
internal sealed class Defragmenter(DecodeOptions options, DecodeCounters counters)
{
    private readonly record struct Key(IpAddress Source, IpAddress Destination, uint Id, byte Protocol, ushort Vlan0, ushort Vlan1);

    private struct Piece
    {
        public int Start;
        public int End;
        public int Skip;             // leading bytes lost to an earlier piece
        public bool More;
        public int At;               // in the tracker's bytes
    }

    private sealed class Tracker
    {
        public long LastTime;
        public readonly List<Piece> Pieces = new(8);
        public readonly SlidingBuffer Bytes = new();
        public byte[] Head = new byte[64];
        public int HeadLength;
        public bool SeenLast;
        public bool Oversized;
        public OverlapPolicy Policy;
    }

    private const int MaxPieces = 8192;
    private readonly Dictionary<Key, Tracker> _trackers = [];
    private readonly Pool<Tracker> _spare = new(256);
    private readonly List<Key> _expired = [];
    private long _memory;
    private long _lastSweep;

    public void UseMemcap(long bytes) => options = options with { DefragMemcap = bytes };

    public byte[]? Add(Packet p, int offset, bool more, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> head, uint id, byte protocol, out int length)
    {
        length = 0;
        if (Math.Abs(p.Time - _lastSweep) > 10_000_000) Sweep(p.Time);
        if (payload.Length == 0 && more) return null;
        if (offset + payload.Length > 65535)
        {
            p.AddEvent(p.IpVersion == 4 ? DecodeEvent.Ipv4FragPktTooLarge : DecodeEvent.Ipv6FragPktTooLarge);
            return null;
        }
        var key = new Key(p.Source_, p.Destination, id, p.IpVersion == 4 ? protocol : (byte)0, p.Vlan0, p.Vlan1);
        if (!_trackers.TryGetValue(key, out Tracker? tracker))
        {
            if (_memory > options.DefragMemcap || _trackers.Count >= options.MaxTrackers)
            {
                SweepForRoom(p.Time);
                if (_memory > options.DefragMemcap || _trackers.Count >= options.MaxTrackers)
                {
                    counters.DefragDrops++;
                    p.Marks |= PacketMarks.DefragMemcap;
                    return null;
                }
            }
            tracker = _spare.Take();
            tracker.Policy = options.Policies.ForFragments(p.Destination);
            _trackers[key] = tracker;
            _memory += 256;
        }
        tracker.LastTime = p.Time;
        if (tracker.Pieces.Count >= MaxPieces || _memory > options.DefragMemcap)
        {
            counters.DefragDrops++;
            p.Marks |= PacketMarks.DefragMemcap;
            return null;
        }
        if (offset == 0 || tracker.HeadLength == 0)
        {
            if (tracker.Head.Length < head.Length) tracker.Head = new byte[head.Length];
            if (offset == 0 || tracker.HeadLength == 0)
            {
                head.CopyTo(tracker.Head);
                tracker.HeadLength = head.Length;
            }
        }
        Insert(p, tracker, offset, more, payload);
        if (!more) tracker.SeenLast = true;
        if (!tracker.SeenLast) return null;
        byte[]? whole = Join(tracker, p.IpVersion, out length);
        if (whole != null || tracker.Oversized)
        {
            Drop(key, tracker);
            if (whole == null) p.AddEvent(p.IpVersion == 4 ? DecodeEvent.Ipv4FragPktTooLarge : DecodeEvent.Ipv6FragPktTooLarge);
        }
        return whole;
    }

    private void Insert(Packet p, Tracker tracker, int start, bool more, ReadOnlySpan<byte> payload)
    {
        int end = start + payload.Length;
        int skip = 0;
        bool overlapped = false;
        List<Piece> pieces = tracker.Pieces;
        for (int i = 0; i < pieces.Count; i++)
        {
            Piece old = pieces[i];
            int from = old.Start + old.Skip;
            if (start >= old.End || end <= from || from >= old.End) continue;
            overlapped = true;
            // skip trims the loser; what stays of an older piece behind the newer one is kept by order of copying
            bool newer = tracker.Policy switch
            {
                OverlapPolicy.Linux or OverlapPolicy.OldLinux => start <= from,
                OverlapPolicy.Bsd => start < from,
                OverlapPolicy.Solaris => start < from && end >= old.End,
                OverlapPolicy.Windows => start < from && end > old.End,
                OverlapPolicy.BsdRight => start >= from,
                _ => false,
            };
            if (newer && tracker.Policy == OverlapPolicy.BsdRight) continue; // copied later
            if (newer)
            {
                old.Skip += Math.Min(end, old.End) - from;
                pieces[i] = old;
            }
            else if (start >= from) skip = Math.Max(skip, old.End - start);
            else if (end <= old.End) end = from;
        }
        if (overlapped)
            p.AddEvent(p.IpVersion == 4 ? DecodeEvent.Ipv4FragOverlap : DecodeEvent.Ipv6FragOverlap);
        int effective = end - start - skip;
        if (effective <= 0 && payload.Length > 0)
        {
            return;
        }
        var piece = new Piece { Start = start, End = end, Skip = skip, More = more, At = tracker.Bytes.Length };
        tracker.Bytes.Append(payload[..(end - start)]);
        _memory += end - start;
        int place = pieces.Count;
        while (place > 0 && pieces[place - 1].Start > start) place--;
        pieces.Insert(place, piece);
    }

    private static byte[]? Join(Tracker tracker, int version, out int length)
    {
        length = 0;
        int total = -1, reach = 0;
        foreach (Piece piece in tracker.Pieces)
            if (!piece.More) total = Math.Max(total, piece.End);
        if (total < 0) return null;
        foreach (Piece piece in tracker.Pieces)
        {
            if (piece.Start + piece.Skip > reach && piece.Start > reach) break;
            if (piece.End > reach) reach = piece.End;
        }
        if (reach < total) return null;
        length = tracker.HeadLength + total;
        if (length > 65535 + 40)
        {
            tracker.Oversized = true;
            return null;
        }
        var whole = new byte[length];
        tracker.Head.AsSpan(0, tracker.HeadLength).CopyTo(whole);
        ReadOnlySpan<byte> bytes = tracker.Bytes.Span;
        foreach (Piece piece in tracker.Pieces)
        {
            int from = piece.Start + piece.Skip;
            int to = Math.Min(piece.End, total);
            if (from >= to) continue;
            bytes.Slice(piece.At + piece.Skip, to - from).CopyTo(whole.AsSpan(tracker.HeadLength + from));
        }
        if (version == 4)
        {
            if (length > 65535)
            {
                tracker.Oversized = true;
                return null;
            }
            BinaryPrimitives.WriteUInt16BigEndian(whole.AsSpan(2), (ushort)length);
            whole[6] = whole[7] = 0;
            whole[10] = whole[11] = 0;
            uint sum = 0;
            for (int i = 0; i + 1 < tracker.HeadLength; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(whole.AsSpan(i));
            while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
            BinaryPrimitives.WriteUInt16BigEndian(whole.AsSpan(10), (ushort)~sum);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(whole.AsSpan(4), (ushort)(length - 40));
        }
        return whole;
    }

    /// <summary>No room: at most once in a second of the capture's clock all of them are looked at.</summary>
    private void SweepForRoom(long now)
    {
        if (Math.Abs(now - _lastSweep) > 1_000_000) Sweep(now);
    }

    private void Sweep(long now)
    {
        _lastSweep = now;
        long limit = options.DefragTimeoutSeconds * 1_000_000L;
        foreach (var pair in _trackers)
            if (Math.Abs(now - pair.Value.LastTime) > limit) _expired.Add(pair.Key);
        foreach (Key key in _expired) Drop(key, _trackers[key]);
        _expired.Clear();
    }

    private void Drop(in Key key, Tracker tracker)
    {
        _trackers.Remove(key);
        _memory -= 256;
        foreach (Piece piece in tracker.Pieces) _memory -= piece.End - piece.Start;
        tracker.Pieces.Clear();
        tracker.Bytes.Release();
        tracker.HeadLength = 0;
        tracker.SeenLast = false;
        tracker.Oversized = false;
        _spare.Give(tracker);
    }
}
