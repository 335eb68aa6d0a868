using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>Inflates gzip, zlib and raw deflate piece by piece, bounded in output, and never throws on bad data.</summary>
internal sealed class Inflater(Inflater.Format format)
{
    /// <summary>Gzip takes zlib as well, deflate takes zlib or raw, told apart by their first bytes; raw has no header at all.</summary>
    internal enum Format { Gzip, Deflate, Raw }

    private static readonly int[] LengthBase = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
    private static readonly int[] LengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
    private static readonly int[] DistanceBase = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
    private static readonly int[] DistanceExtra = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
    private static readonly int[] CodeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    private enum Step { Header, Block, Stored, Codes, Done, Failed }

    private readonly SlidingBuffer _input = new();
    private readonly byte[] _window = new byte[32768];
    private readonly short[] _litCounts = new short[16], _litSymbols = new short[288], _distCounts = new short[16], _distSymbols = new short[32];
    private Step _step = Step.Header;
    private int _bit;
    private int _at;
    private int _windowAt;
    private long _produced;
    private bool _last;
    private int _stored;
    private bool _short;             // input ended in the middle of a symbol

    public bool Failed => _step == Step.Failed;
    public bool Finished => _step == Step.Done;
    public long Produced => _produced;

    /// <summary>Output was cut at the limit of a feed: another feed, without input, brings more.</summary>
    public bool HasMore { get; private set; }

    /// <summary>Feeds compressed bytes and appends what comes out, at most <paramref name="limit"/> bytes this time.</summary>
    public void Feed(ReadOnlySpan<byte> bytes, SlidingBuffer to, int limit)
    {
        HasMore = false;
        if (_step is Step.Done or Step.Failed) return;
        _input.Append(bytes);
        int stop = to.Length + limit;
        while (_step is not (Step.Done or Step.Failed) && to.Length < stop)
        {
            int at = _at, bit = _bit;
            _short = false;
            bool went = _step switch
            {
                Step.Header => ReadHeader(),
                Step.Block => ReadBlock(),
                Step.Stored => ReadStored(to),
                _ => ReadCodes(to, stop),
            };
            if (!went)
            {
                if (_step == Step.Failed) break;
                _at = at;
                _bit = bit;
                break;
            }
        }
        HasMore = to.Length >= stop && _step is not (Step.Done or Step.Failed);
        int used = _at;
        if (used > 4096)
        {
            _input.Consume(used);
            _at = 0;
        }
        if (_step is Step.Done or Step.Failed) _input.Release();
    }

    public void Release() => _input.Release();

    private int Bits(int count)
    {
        int value = 0;
        ReadOnlySpan<byte> span = _input.Span;
        for (int i = 0; i < count; i++)
        {
            if (_at >= span.Length)
            {
                _short = true;
                return 0;
            }
            value |= (span[_at] >> _bit & 1) << i;
            if (++_bit == 8)
            {
                _bit = 0;
                _at++;
            }
        }
        return value;
    }

    private bool Fail()
    {
        _step = Step.Failed;
        return false;
    }

    private bool ReadHeader()
    {
        ReadOnlySpan<byte> span = _input.Span;
        if (format == Format.Raw)
        {
            _step = Step.Block;
            return true;
        }
        if (span.Length < 2) return false;
        if (format == Format.Deflate || span[0] != 0x1f || span[1] != 0x8b)
        {
            // RFC 1950
            bool zlib = (span[0] & 15) == 8 && (span[0] << 8 | span[1]) % 31 == 0 && (span[1] & 0x20) == 0;
            if (!zlib && format == Format.Gzip) return Fail();
            _at = zlib ? 2 : 0;
            _step = Step.Block;
            return true;
        }
        if (span.Length < 10) return false;
        byte flags = span[3];
        if (span[2] != 8 || (flags & 0xe0) != 0 && (flags & 0x1f) != 0) return Fail();
        int at = 10;
        if ((flags & 4) != 0)
        {
            if (span.Length < at + 2) return false;
            at += 2 + (span[at] | span[at + 1] << 8);
        }
        for (int text = 0; text < 2; text++)
        {
            if ((flags & (text == 0 ? 8 : 16)) == 0) continue;
            if (at >= span.Length) return false;
            int zero = span[at..].IndexOf((byte)0);
            if (zero < 0) return span.Length > 65536 && Fail();
            at += zero + 1;
        }
        if ((flags & 2) != 0) at += 2;
        if (at > span.Length) return false;
        _at = at;
        _step = Step.Block;
        return true;
    }

    private bool ReadBlock()
    {
        if (_last)
        {
            _step = Step.Done;
            return true;
        }
        bool last = Bits(1) == 1;
        int type = Bits(2);
        if (_short) return false;
        switch (type)
        {
            case 0:
                if (_bit != 0)
                {
                    _bit = 0;
                    _at++;
                }
                if (_at + 4 > _input.Length) return false;
                _stored = _input.Span[_at] | _input.Span[_at + 1] << 8;
                if ((_stored ^ (_input.Span[_at + 2] | _input.Span[_at + 3] << 8)) != 0xffff) return Fail();
                _at += 4;
                _step = Step.Stored;
                break;
            case 1:
                FixedCodes();
                _step = Step.Codes;
                break;
            case 2:
                if (!DynamicCodes()) return false;
                _step = Step.Codes;
                break;
            default:
                return Fail();
        }
        _last = last;
        return true;
    }

    private bool ReadStored(SlidingBuffer to)
    {
        int count = Math.Min(_stored, _input.Length - _at);
        if (count == 0 && _stored > 0) return false;
        ReadOnlySpan<byte> bytes = _input.Span.Slice(_at, count);
        to.Append(bytes);
        foreach (byte b in bytes) _window[_windowAt++ & 32767] = b;
        _produced += count;
        _at += count;
        _stored -= count;
        if (_stored == 0) _step = Step.Block;
        return true;
    }

    private bool ReadCodes(SlidingBuffer to, int stop)
    {
        while (to.Length < stop)
        {
            int at = _at, bit = _bit;
            int symbol = Symbol(_litCounts, _litSymbols);
            if (symbol < 0 && !_short) return Fail();
            if (!_short && symbol < 256)
            {
                to.Append((byte)symbol);
                _window[_windowAt++ & 32767] = (byte)symbol;
                _produced++;
                continue;
            }
            if (!_short && symbol == 256)
            {
                _step = Step.Block;
                return true;
            }
            int length = 0, distance = 0;
            if (!_short)
            {
                symbol -= 257;
                if (symbol >= 29) return Fail();
                length = LengthBase[symbol] + Bits(LengthExtra[symbol]);
                int code = _short ? 0 : Symbol(_distCounts, _distSymbols);
                if (!_short)
                {
                    if (code is < 0 or >= 30) return Fail();
                    distance = DistanceBase[code] + Bits(DistanceExtra[code]);
                }
            }
            if (_short)
            {
                _at = at;
                _bit = bit;
                // symbols before this one count as progress; the position is already right
                _short = false;
                return WaitHere();
            }
            if (distance > _produced) return Fail();
            for (int i = 0; i < length; i++)
            {
                byte b = _window[_windowAt - distance & 32767];
                _window[_windowAt++ & 32767] = b;
                to.Append(b);
            }
            _produced += length;
        }
        return true;
    }

    private int _waitedAt = -1, _waitedBit;

    /// <summary>Keeps the position reached; the caller's roll-back would otherwise repeat symbols already written.</summary>
    private bool WaitHere()
    {
        bool stuck = _waitedAt == _at && _waitedBit == _bit && _waitedLength == _input.Length;
        _waitedAt = _at;
        _waitedBit = _bit;
        _waitedLength = _input.Length;
        return !stuck;
    }

    private int _waitedLength;

    private int Symbol(short[] counts, short[] symbols)
    {
        int code = 0, first = 0, index = 0;
        for (int length = 1; length <= 15; length++)
        {
            code |= Bits(1);
            if (_short) return -1;
            int count = counts[length];
            if (code - count < first) return symbols[index + (code - first)];
            index += count;
            first += count;
            first <<= 1;
            code <<= 1;
        }
        return -1;
    }

    private static void Build(ReadOnlySpan<byte> lengths, short[] counts, short[] symbols)
    {
        Array.Clear(counts);
        foreach (byte l in lengths) counts[l]++;
        Span<short> offsets = stackalloc short[16];
        for (int i = 1; i < 15; i++) offsets[i + 1] = (short)(offsets[i] + counts[i]);
        for (int i = 0; i < lengths.Length; i++)
            if (lengths[i] != 0) symbols[offsets[lengths[i]]++] = (short)i;
        counts[0] = 0;
    }

    private void FixedCodes()
    {
        Span<byte> lengths = stackalloc byte[288];
        lengths[..144].Fill(8);
        lengths[144..256].Fill(9);
        lengths[256..280].Fill(7);
        lengths[280..].Fill(8);
        Build(lengths, _litCounts, _litSymbols);
        lengths[..30].Fill(5);
        Build(lengths[..30], _distCounts, _distSymbols);
    }

    private bool DynamicCodes()
    {
        int literals = Bits(5) + 257, distances = Bits(5) + 1, codes = Bits(4) + 4;
        if (_short) return false;
        if (literals > 286 || distances > 30) return Fail();
        Span<byte> lengths = stackalloc byte[320];
        lengths.Clear();
        for (int i = 0; i < codes; i++) lengths[CodeOrder[i]] = (byte)Bits(3);
        if (_short) return false;
        Build(lengths[..19], _litCounts, _litSymbols);
        int at = 0;
        Span<byte> all = stackalloc byte[320];
        all.Clear();
        while (at < literals + distances)
        {
            int symbol = Symbol(_litCounts, _litSymbols);
            if (_short) return false;
            if (symbol < 0) return Fail();
            if (symbol < 16)
            {
                all[at++] = (byte)symbol;
                continue;
            }
            byte previous = 0;
            int repeat;
            if (symbol == 16)
            {
                if (at == 0) return Fail();
                previous = all[at - 1];
                repeat = 3 + Bits(2);
            }
            else repeat = symbol == 17 ? 3 + Bits(3) : 11 + Bits(7);
            if (_short) return false;
            if (at + repeat > literals + distances) return Fail();
            while (repeat-- > 0) all[at++] = previous;
        }
        Build(all[..literals], _litCounts, _litSymbols);
        Build(all.Slice(literals, distances), _distCounts, _distSymbols);
        return true;
    }
}
