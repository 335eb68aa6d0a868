using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Detect.Keywords;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect;

/// <summary>Checks the terms of one part against a buffer. One per worker: it keeps the matcher's native memory and the variables of the rule at hand.</summary>
internal sealed class ContentInspector
{
    private const int MaxSteps = 3000;
    private readonly IntPtr _pcreData = Pcre2.NewMatchData();
    private readonly IntPtr _pcreContext = Pcre2.NewContext();
    private readonly ulong[] _variables = new ulong[64];
    private readonly SlidingBuffer _decoded = new();
    private int _steps;

    public Transaction? Transaction;
    public bool ToServer;
    public int Instance;
    public bool PacketLittleEndian;
    /// <summary>False while more bytes of the buffer may come: "ends with" cannot be said yet.</summary>
    public bool AtEnd = true;
    public long StreamOffset;
    /// <summary>Sets that rules fill are asked in the order of the capture.</summary>
    public ITurns? Turns;

    public bool Matches(Term[] terms, ReadOnlySpan<byte> buffer)
    {
        _steps = 0;
        return Run(terms, 0, buffer, 0);
    }

    private bool Run(Term[] terms, int at, ReadOnlySpan<byte> buffer, int cursor)
    {
        while (true)
        {
            if (at == terms.Length) return true;
            if (++_steps > MaxSteps) return false;
            Term term = terms[at];
            switch (term.Kind)
            {
                case TermKind.Content:
                {
                    if (term.Negated)
                    {
                        if (FindContent(term, buffer, cursor, -1) >= 0) return false;
                        at++;
                        continue;
                    }
                    int from = -1;
                    while (true)
                    {
                        int found = FindContent(term, buffer, cursor, from);
                        if (found < 0) return false;
                        int after = found + term.Pattern.Length;
                        if (!RelativeFollows(terms, at))
                        {
                            cursor = after;
                            break;
                        }
                        if (Run(terms, at + 1, buffer, after)) return true;
                        if (_steps > MaxSteps) return false;
                        from = found + 1;
                    }
                    at++;
                    continue;
                }
                case TermKind.Pcre:
                {
                    int start = term.Relative ? Math.Min(cursor, buffer.Length) : 0;
                    Pcre2.Ready(term);
                    // a relative expression sees only what follows the last match
                    ReadOnlySpan<byte> subject = buffer[start..];
                    int begin = 0;
                    while (true)
                    {
                        int end = Pcre2.Find(term.Code, subject, begin, _pcreData, _pcreContext, out int matchStart);
                        if (term.Negated)
                        {
                            if (end >= 0) return false;
                            break;
                        }
                        if (end < 0) return false;
                        if (term.Captures != null) Keep(term.Captures, subject);
                        if (!RelativeFollows(terms, at))
                        {
                            cursor = start + end;
                            break;
                        }
                        if (Run(terms, at + 1, buffer, start + end)) return true;
                        if (_steps > MaxSteps) return false;
                        begin = matchStart + 1;
                        if (begin > subject.Length) return false;
                    }
                    at++;
                    continue;
                }
                case TermKind.IsDataAt:
                {
                    long value = term.ValueVariable >= 0 ? (long)_variables[term.ValueVariable] : term.Value;
                    bool there = term.Relative ? cursor + value <= buffer.Length : value < buffer.Length;
                    if (there == term.Negated) return false;
                    at++;
                    continue;
                }
                case TermKind.ByteTest:
                    if (!ByteTest(term, buffer, cursor)) return false;
                    at++;
                    continue;
                case TermKind.ByteJump:
                {
                    int target = ByteJump(term, buffer, cursor);
                    if (target < 0) return false;
                    cursor = target;
                    at++;
                    continue;
                }
                case TermKind.ByteExtract:
                {
                    if (!Read(term, buffer, cursor, out ulong value, out int end)) return false;
                    value *= term.Multiplier;
                    if (term.Align) value = (value + 3) & ~3UL;
                    _variables[term.Variable & 63] = value;
                    cursor = end;
                    at++;
                    continue;
                }
                case TermKind.ByteMath:
                {
                    if (!Read(term, buffer, cursor, out ulong value, out int end)) return false;
                    ulong right = term.ValueVariable >= 0 ? _variables[term.ValueVariable] : (ulong)term.Value;
                    switch (term.Operator)
                    {
                        case '+': value += right; break;
                        case '-': value -= right; break;
                        case '*': value *= right; break;
                        case '/':
                            if (right == 0) return false;
                            value /= right;
                            break;
                        case '<': value = right < 64 ? value << (int)right : 0; break;
                        case '>': value = right < 64 ? value >> (int)right : 0; break;
                    }
                    _variables[term.Variable & 63] = value & 0xffffffff;
                    cursor = end;
                    at++;
                    continue;
                }
                case TermKind.BSize:
                {
                    long size = term.ValueVariable >= 0 ? (long)_variables[term.ValueVariable] : term.Value;
                    if (!Compare(buffer.Length, term.Compare, size, term.Value2)) return false;
                    at++;
                    continue;
                }
                case TermKind.Number:
                {
                    int number = Transaction?.Number(term.What, ToServer, Instance) ?? -1;
                    if (number < 0 || !Compare(number, term.Compare, term.Value, term.Value2)) return false;
                    at++;
                    continue;
                }
                case TermKind.Dataset:
                    if (term.Set!.Changes) Turns?.Await();
                    if (!term.Set!.Apply(term.SetAct, buffer, term.Compare, term.Value)) return false;
                    at++;
                    continue;
                case TermKind.Asn1:
                    if (!term.Asn1!.Matches(buffer, cursor)) return false;
                    at++;
                    continue;
                case TermKind.Base64Decode:
                    if (!DecodeBase64(term, buffer, cursor)) return false;
                    at++;
                    continue;
                case TermKind.Base64Data:
                    // the rest of the part looks at what was decoded
                    return _decoded.Length > 0 && Run(terms, at + 1, _decoded.Span.ToArray(), 0);
                default:
                    at++;
                    continue;
            }
        }
    }

    /// <summary>Groups of expressions that rules keep under a name; taken over when the whole rule has matched.</summary>
    public List<(CapturedGroup What, byte[] Value)> Captured { get; } = [];

    private void Keep(List<CapturedGroup> captures, ReadOnlySpan<byte> subject)
    {
        foreach (CapturedGroup capture in captures)
        {
            if (Captured.Count >= 32 || !Pcre2.TryGroup(_pcreData, capture.Group, out int start, out int end) || end > subject.Length) continue;
            Captured.Add((capture, subject[start..Math.Min(end, start + 255)].ToArray()));
        }
    }

    private static bool RelativeFollows(Term[] terms, int at)
    {
        // negated and zero-width terms in between do not move the cursor
        for (int i = at + 1; i < terms.Length; i++)
        {
            if (terms[i].Relative) return true;
            if (terms[i].Kind is TermKind.Content or TermKind.Pcre or TermKind.ByteJump or TermKind.ByteExtract or TermKind.ByteMath) return false;
        }
        return false;
    }

    private int Variable(int number, int constant) => number >= 0 ? (int)Math.Min(_variables[number], 1 << 20) : constant;

    /// <summary>Position of the pattern inside its window, at or behind <paramref name="from"/> (-1: anywhere in the window).</summary>
    private int FindContent(Term term, ReadOnlySpan<byte> buffer, int cursor, int from)
    {
        long start, end = buffer.Length;
        if (term.Relative)
        {
            long distance = term.HasDistance ? Variable(term.DistanceVariable, term.Distance) : 0;
            start = cursor + distance;
            if (term.HasWithin) end = Math.Min(end, cursor + distance + Variable(term.WithinVariable, term.Within));
            if (start < 0) start = 0;
        }
        else
        {
            start = term.HasOffset ? Variable(term.OffsetVariable, term.Offset) : 0;
            if (term.HasDepth) end = Math.Min(end, start + Variable(term.DepthVariable, term.Depth));
            // in a stream, offset and depth count from the stream's start
            if (StreamOffset > 0 && (term.HasOffset || term.HasDepth))
            {
                long shift = StreamOffset;
                if (term.HasDepth) end = Math.Min(buffer.Length, start + Variable(term.DepthVariable, term.Depth) - shift);
                start = Math.Max(0, start - shift);
            }
        }
        if (from > start) start = from;
        if (term.EndsWith)
        {
            if (!AtEnd) return -1;
            long last = buffer.Length - term.Pattern.Length;
            if (last < start || end < buffer.Length) return -1;
            start = last;
        }
        if (start + term.Pattern.Length > end || start < 0) return -1;
        ReadOnlySpan<byte> window = buffer[(int)start..(int)end];
        int found = term.NoCase ? Bytes.IndexOfNoCase(window, term.Pattern) : window.IndexOf(term.Pattern);
        return found < 0 ? -1 : found + (int)start;
    }

    public static bool Compare(long value, Comparison how, long first, long second) => how switch
    {
        Comparison.Equal => value == first,
        Comparison.NotEqual => value != first,
        Comparison.Less => value < first,
        Comparison.Greater => value > first,
        Comparison.LessOrEqual => value <= first,
        Comparison.GreaterOrEqual => value >= first,
        Comparison.Range => value > first && value < second,
        Comparison.And => (value & first) != 0,
        Comparison.Or => (value | first) != 0,
        Comparison.Xor => (value ^ first) != 0,
        _ => false,
    };

    private bool Read(Term term, ReadOnlySpan<byte> buffer, int cursor, out ulong value, out int end)
    {
        value = 0;
        long at = (term.Relative ? cursor : 0) + (long)Variable(term.PositionVariable, term.Position);
        int count = term.CountVariable >= 0 ? (int)Math.Min(_variables[term.CountVariable], 23) : term.Count;
        // a text number of no stated length ends where its digits end
        if (term.Text && count == 0 && at >= 0 && at < buffer.Length) count = (int)Math.Min(23, buffer.Length - at);
        end = (int)Math.Clamp(at + count, 0, int.MaxValue);
        if (at < 0 || at + count > buffer.Length) return false;
        ReadOnlySpan<byte> bytes = buffer.Slice((int)at, count);
        if (term.Text)
        {
            int digits = 0, i = 0;
            while (i < bytes.Length && bytes[i] is (byte)' ' or (byte)'\t') i++;
            bool minus = i < bytes.Length && bytes[i] == '-';
            if (minus) i++;
            if (term.Base == 16 && i + 1 < bytes.Length && bytes[i] == '0' && bytes[i + 1] is (byte)'x' or (byte)'X') i += 2;
            for (; i < bytes.Length; i++)
            {
                int digit = AppLayer.Http.UriText.Hex(bytes[i]);
                if (digit < 0 || digit >= term.Base) break;
                value = value * (ulong)term.Base + (ulong)digit;
                digits++;
            }
            if (minus) value = (ulong)-(long)value;
            if (digits == 0) return false;
        }
        else
        {
            if (count > 8) return false;
            bool little = term.Dce ? PacketLittleEndian : term.LittleEndian;
            for (int i = 0; i < count; i++) value = value << 8 | bytes[little ? count - 1 - i : i];
        }
        if (term.BitMask && term.Mask != 0)
        {
            value &= term.Mask;
            value >>= System.Numerics.BitOperations.TrailingZeroCount(term.Mask);
        }
        return true;
    }

    private bool ByteTest(Term term, ReadOnlySpan<byte> buffer, int cursor)
    {
        if (!Read(term, buffer, cursor, out ulong value, out _)) return false;
        ulong right = term.ValueVariable >= 0 ? _variables[term.ValueVariable] : (ulong)term.Value;
        bool fits = term.Compare switch
        {
            Comparison.Equal => value == right,
            Comparison.Less => value < right,
            Comparison.Greater => value > right,
            Comparison.LessOrEqual => value <= right,
            Comparison.GreaterOrEqual => value >= right,
            Comparison.And => (value & right) != 0,
            Comparison.Or => (value ^ right) != 0,
            _ => false,
        };
        return fits != term.Negated;
    }

    private int ByteJump(Term term, ReadOnlySpan<byte> buffer, int cursor)
    {
        ulong value = 0;
        long end;
        if (term.Count == 0 && term.CountVariable < 0) end = (term.Relative ? cursor : 0) + term.Position;
        else
        {
            if (!Read(term, buffer, cursor, out value, out int read)) return -1;
            end = read;
        }
        if (value > int.MaxValue) return -1;
        long jump = (long)value * term.Multiplier;
        if (term.Align && (jump & 3) != 0) jump += 4 - (jump & 3);
        long target = term.FromBeginning ? jump : term.FromEnd ? buffer.Length + jump : end + jump;
        target += term.PostOffset;
        return target < 0 || target > buffer.Length ? -1 : (int)target;
    }

    private bool DecodeBase64(Term term, ReadOnlySpan<byte> buffer, int cursor)
    {
        long at = (term.Relative ? cursor : 0) + term.Position;
        if (at < 0 || at >= buffer.Length) return false;
        ReadOnlySpan<byte> text = buffer[(int)at..];
        if (term.Count > 0 && term.Count < text.Length) text = text[..term.Count];
        _decoded.Clear();
        uint bits = 0;
        int have = 0;
        foreach (byte b in text)
        {
            int digit = b switch
            {
                >= (byte)'A' and <= (byte)'Z' => b - 'A',
                >= (byte)'a' and <= (byte)'z' => b - 'a' + 26,
                >= (byte)'0' and <= (byte)'9' => b - '0' + 52,
                (byte)'+' or (byte)'-' => 62,
                (byte)'/' or (byte)'_' => 63,
                (byte)'\r' or (byte)'\n' or (byte)' ' or (byte)'\t' => -2,
                _ => -1,
            };
            if (digit == -2) continue;
            if (digit < 0) break;
            bits = bits << 6 | (uint)digit;
            have += 6;
            if (have >= 8)
            {
                have -= 8;
                _decoded.Append((byte)(bits >> have));
            }
        }
        return _decoded.Length > 0;
    }
}
