using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;

namespace Appliance.Sensing.Engine.Output;

/// <summary>Writes one JSON record at a time into memory that is used again. Text from the wire is never trusted to be UTF-8.</summary>
internal sealed class EveWriter
{
    private byte[] _buffer = new byte[16384];
    private int _at;
    private bool _comma;

    public ReadOnlySpan<byte> Span => _buffer.AsSpan(0, _at);
    public int Length => _at;

    public void Begin()
    {
        _at = 0;
        _comma = false;
        Put((byte)'{');
    }

    /// <summary>Ends the record and its line.</summary>
    public ReadOnlySpan<byte> End()
    {
        Put((byte)'}');
        Put((byte)'\n');
        return Span;
    }

    private void Need(int count)
    {
        if (_buffer.Length - _at < count) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _at + count));
    }

    private void Put(byte b)
    {
        Need(1);
        _buffer[_at++] = b;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        Need(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_at));
        _at += bytes.Length;
    }

    private void Key(ReadOnlySpan<byte> key)
    {
        Need(key.Length + 4);
        if (_comma) _buffer[_at++] = (byte)',';
        _buffer[_at++] = (byte)'"';
        key.CopyTo(_buffer.AsSpan(_at));
        _at += key.Length;
        _buffer[_at++] = (byte)'"';
        _buffer[_at++] = (byte)':';
        _comma = true;
    }

    public void Open(ReadOnlySpan<byte> key)
    {
        Key(key);
        Put((byte)'{');
        _comma = false;
    }

    public void Close()
    {
        Put((byte)'}');
        _comma = true;
    }

    /// <param name="key">Of ASCII letters, and short.</param>
    public void OpenArray(string key)
    {
        Span<byte> ascii = stackalloc byte[32];
        OpenArray(ascii[..Encoding.ASCII.GetBytes(key, ascii)]);
    }

    public void OpenArray(ReadOnlySpan<byte> key)
    {
        Key(key);
        Put((byte)'[');
        _comma = false;
    }

    public void CloseArray()
    {
        Put((byte)']');
        _comma = true;
    }

    public void OpenItem()
    {
        if (_comma) Put((byte)',');
        Put((byte)'{');
        _comma = false;
    }

    public void Item(ReadOnlySpan<byte> text)
    {
        if (_comma) Put((byte)',');
        Quoted(text);
        _comma = true;
    }

    public void Item(string text) => Item(Encoding.UTF8.GetBytes(text));

    public void Item(long number)
    {
        if (_comma) Put((byte)',');
        Digits(number);
        _comma = true;
    }

    public void Text(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Key(key);
        Quoted(value);
    }

    public void Text(ReadOnlySpan<byte> key, string value)
    {
        Span<byte> small = stackalloc byte[512];
        if (value.Length * 3 <= small.Length) Text(key, small[..Encoding.UTF8.GetBytes(value, small)]);
        else Text(key, Encoding.UTF8.GetBytes(value));
    }

    /// <summary>As <see cref="Text(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>, for a key that came from the wire.</summary>
    public void NamedText(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (_comma) Put((byte)',');
        Quoted(key);
        Put((byte)':');
        Quoted(value);
        _comma = true;
    }

    public void Number(ReadOnlySpan<byte> key, long value)
    {
        Key(key);
        Digits(value);
    }

    public void Fraction(ReadOnlySpan<byte> key, double value)
    {
        Key(key);
        Need(40);
        Utf8Formatter.TryFormat(value, _buffer.AsSpan(_at), out int n, new System.Buffers.StandardFormat('F', 6));
        _at += n;
    }

    /// <summary>A real number with as many digits as it needs to be read back, never with an exponent; null when it is none.</summary>
    public void Real(ReadOnlySpan<byte> key, double value)
    {
        Key(key);
        if (!double.IsFinite(value))
        {
            Put("null"u8);
            return;
        }
        Span<byte> shortest = stackalloc byte[40];
        value.TryFormat(shortest, out int n, "R", System.Globalization.CultureInfo.InvariantCulture);
        Expand(shortest[..n]);
    }

    /// <summary>Writes digits with an exponent behind them as plain digits.</summary>
    private void Expand(ReadOnlySpan<byte> text)
    {
        int e = text.IndexOf((byte)'E');
        if (e < 0)
        {
            Put(text);
            return;
        }
        Utf8Parser.TryParse(text[(e + 1)..][0] == '+' ? text[(e + 2)..] : text[(e + 1)..], out int exponent, out _);
        if (text[0] == '-')
        {
            Put((byte)'-');
            text = text[1..];
            e--;
        }
        ReadOnlySpan<byte> digits = text[..e];
        int point = digits.IndexOf((byte)'.');
        int whole = (point < 0 ? digits.Length : point) + exponent, count = digits.Length - (point < 0 ? 0 : 1);
        if (whole <= 0) Put("0."u8);
        for (int i = whole; i < 0; i++) Put((byte)'0');
        for (int i = 0, seen = 0; i < digits.Length; i++)
        {
            if (i == point) continue;
            if (seen == whole && seen > 0) Put((byte)'.');
            Put(digits[i]);
            seen++;
        }
        for (int i = count; i < whole; i++) Put((byte)'0');
    }

    /// <summary>A number that may take all 64 bits.</summary>
    public void Unsigned(ReadOnlySpan<byte> key, ulong value)
    {
        Key(key);
        Need(24);
        Utf8Formatter.TryFormat(value, _buffer.AsSpan(_at), out int n);
        _at += n;
    }

    public void Bool(ReadOnlySpan<byte> key, bool value)
    {
        Key(key);
        Put(value ? "true"u8 : "false"u8);
    }

    public void Base64(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Key(key);
        Put((byte)'"');
        Need(Base64Length(value.Length));
        System.Buffers.Text.Base64.EncodeToUtf8(value, _buffer.AsSpan(_at), out _, out int n);
        _at += n;
        Put((byte)'"');
    }

    private static int Base64Length(int length) => (length + 2) / 3 * 4 + 4;

    public void Hex(ReadOnlySpan<byte> key, uint value, int digits)
    {
        Key(key);
        Put((byte)'"');
        for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) Put("0123456789abcdef"u8[(int)(value >> shift & 15)]);
        Put((byte)'"');
    }

    /// <summary>Bytes with everything unprintable as a dot: Suricata's payload_printable.</summary>
    public void Printable(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Key(key);
        Put((byte)'"');
        foreach (byte b in value)
        {
            Need(6);
            if (b is (byte)'"' or (byte)'\\')
            {
                _buffer[_at++] = (byte)'\\';
                _buffer[_at++] = b;
            }
            else if (b is >= 0x20 and < 0x7f) _buffer[_at++] = b;
            else if (b == '\n') Put("\\n"u8);
            else if (b == '\r') Put("\\r"u8);
            else if (b == '\t') _buffer[_at++] = (byte)'.';
            else _buffer[_at++] = (byte)'.';
        }
        Put((byte)'"');
    }

    public void Address(ReadOnlySpan<byte> key, Decode.IpAddress address)
    {
        Span<byte> text = stackalloc byte[40];
        Text(key, text[..address.Format(text)]);
    }

    public void Time(ReadOnlySpan<byte> key, long micros)
    {
        Key(key);
        Need(40);
        long seconds = Math.DivRem(micros, 1_000_000, out long rest);
        if (rest < 0)
        {
            rest += 1_000_000;
            seconds--;
        }
        DateTime time = DateTime.UnixEpoch.AddSeconds(Math.Clamp(seconds, -62135596800, 253402300799));
        Span<byte> b = _buffer.AsSpan(_at);
        b[0] = (byte)'"';
        Digits4(b[1..], time.Year);
        b[5] = b[8] = (byte)'-';
        Digits2(b[6..], time.Month);
        Digits2(b[9..], time.Day);
        b[11] = (byte)'T';
        Digits2(b[12..], time.Hour);
        b[14] = b[17] = (byte)':';
        Digits2(b[15..], time.Minute);
        Digits2(b[18..], time.Second);
        b[20] = (byte)'.';
        int micro = (int)rest;
        for (int i = 5; i >= 0; i--)
        {
            b[21 + i] = (byte)('0' + micro % 10);
            micro /= 10;
        }
        "+0000\""u8.CopyTo(b[27..]);
        _at += 33;
    }

    private static void Digits2(Span<byte> to, int value)
    {
        to[0] = (byte)('0' + value / 10);
        to[1] = (byte)('0' + value % 10);
    }

    private static void Digits4(Span<byte> to, int value)
    {
        Digits2(to, value / 100);
        Digits2(to[2..], value % 100);
    }

    private void Digits(long value)
    {
        Need(24);
        Utf8Formatter.TryFormat(value, _buffer.AsSpan(_at), out int n);
        _at += n;
    }

    private void Quoted(ReadOnlySpan<byte> text)
    {
        Need(text.Length + 2);
        _buffer[_at++] = (byte)'"';
        if (text.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7e) < 0 && text.IndexOfAny((byte)'"', (byte)'\\') < 0)
        {
            text.CopyTo(_buffer.AsSpan(_at));
            _at += text.Length;
        }
        else Escaped(text);
        Put((byte)'"');
    }

    private void Escaped(ReadOnlySpan<byte> text)
    {
        bool valid = Utf8.IsValid(text);
        foreach (byte b in text)
        {
            Need(6);
            switch (b)
            {
                case (byte)'"':
                case (byte)'\\':
                    _buffer[_at++] = (byte)'\\';
                    _buffer[_at++] = b;
                    break;
                case (byte)'\n': Put("\\n"u8); break;
                case (byte)'\r': Put("\\r"u8); break;
                case (byte)'\t': Put("\\t"u8); break;
                case 8: Put("\\b"u8); break;
                case 12: Put("\\f"u8); break;
                case < 0x20:
                case > 0x7f when !valid:
                    // what is no UTF-8 stands as a backslash, an x and two digits; control characters as JSON has them
                    if (b < 0x20) Put("\\u00"u8);
                    else Put("\\\\x"u8);
                    _buffer[_at++] = "0123456789abcdef"u8[b >> 4];
                    _buffer[_at++] = "0123456789abcdef"u8[b & 15];
                    break;
                default:
                    _buffer[_at++] = b;
                    break;
            }
        }
    }
}
