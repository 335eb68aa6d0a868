using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>The header block of one message: raw bytes, and where each name and value lies.</summary>
internal sealed class HttpHeaders
{
    internal struct Slot
    {
        public int Name, NameLength, Value, ValueLength;
    }

    private const int MaxHeaders = 512;
    public readonly SlidingBuffer Raw = new();   // as sent, with line ends
    private readonly SlidingBuffer _text = new(); // names and unfolded values
    private Slot[] _slots = new Slot[16];
    private int _count;

    public int Count => _count;
    public ReadOnlySpan<byte> NameAt(int i) => _text.Span.Slice(_slots[i].Name, _slots[i].NameLength);
    public ReadOnlySpan<byte> ValueAt(int i) => _text.Span.Slice(_slots[i].Value, _slots[i].ValueLength);

    /// <summary>Adds one physical line, with its line end.</summary>
    public void AddLine(ReadOnlySpan<byte> line, bool isAnswer)
    {
        Raw.Append(line);
        ReadOnlySpan<byte> text = line.TrimEnd("\r\n"u8);
        if (text.IsEmpty) return;
        // browsers take an indented line with a name of its own in an answer for a header, not for a continuation
        bool ownHeader = isAnswer && text.IndexOf((byte)':') > 1;
        if (ownHeader) text = text.TrimStart(" \t"u8);
        if (text[0] is (byte)' ' or (byte)'\t' && _count > 0)
        {
            // folded: the value goes on; it is moved to the end so that it can grow
            ref Slot last = ref _slots[_count - 1];
            ReadOnlySpan<byte> more = text.Trim(" \t"u8);
            byte[] old = _text.Span.Slice(last.Value, last.ValueLength).ToArray();
            last.Value = _text.Length;
            _text.Append(old);
            if (old.Length > 0 && more.Length > 0) _text.Append((byte)' ');
            _text.Append(more);
            last.ValueLength = _text.Length - last.Value;
            return;
        }
        if (_count >= MaxHeaders) return;
        int colon = text.IndexOf((byte)':');
        ReadOnlySpan<byte> name = colon < 0 ? default : text[..colon].Trim(" \t\0\f\v\r"u8);
        if (name.Contains((byte)0)) name = name.ToArray().Where(b => b != 0).ToArray();
        ReadOnlySpan<byte> value = colon < 0 ? text : text[(colon + 1)..];
        value = value.Trim(" \t\0"u8);
        // a header sent again is one header: values joined by a comma
        for (int i = 0; i < _count; i++)
        {
            if (name.IsEmpty || !Same(NameAt(i), name)) continue;
            if (Same(name, "content-length"u8) || Same(name, "transfer-encoding"u8) && ValueAt(i).IsEmpty) return;
            byte[] old = ValueAt(i).ToArray();
            _slots[i].Value = _text.Length;
            _text.Append(old);
            _text.Append(", "u8);
            _text.Append(value);
            _slots[i].ValueLength = _text.Length - _slots[i].Value;
            return;
        }
        if (_count == _slots.Length) Array.Resize(ref _slots, _count * 2);
        var slot = new Slot { Name = _text.Length, NameLength = name.Length };
        _text.Append(name);
        slot.Value = _text.Length;
        slot.ValueLength = value.Length;
        _text.Append(value);
        _slots[_count++] = slot;
    }

    public bool TryGet(ReadOnlySpan<byte> lowerName, out ReadOnlySpan<byte> value)
    {
        for (int i = 0; i < _count; i++)
            if (Same(NameAt(i), lowerName))
            {
                value = ValueAt(i);
                return true;
            }
        value = default;
        return false;
    }

    public static bool Same(ReadOnlySpan<byte> text, ReadOnlySpan<byte> other) => System.Text.Ascii.EqualsIgnoreCase(text, other);

    public void Reset()
    {
        Raw.Release();
        _text.Release();
        _count = 0;
    }
}
