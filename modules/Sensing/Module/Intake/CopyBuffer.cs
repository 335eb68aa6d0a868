using System.Buffers.Binary;

namespace Appliance.Sensing.Intake;

/// <summary>
/// Rows in the format of COPY … WITH (FORMAT binary), written straight from UTF-8. Npgsql's importer would turn each text into a string and back;
/// that is half the cost of a record. https://www.postgresql.org/docs/15/sql-copy.html, section "Binary Format".
/// </summary>
internal sealed class CopyBuffer
{
    private static readonly byte[] s_header = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n"u8, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private byte[] _bytes = new byte[1 << 20];
    private int _length;

    public int Rows { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    public void Begin()
    {
        _length = Rows = 0;
        s_header.CopyTo(Take(s_header.Length));
    }

    public void Row(short fields)
    {
        Rows++;
        BinaryPrimitives.WriteInt16BigEndian(Take(2), fields);
    }

    public void End() => BinaryPrimitives.WriteInt16BigEndian(Take(2), -1);

    public void Null() => BinaryPrimitives.WriteInt32BigEndian(Take(4), -1);

    public void Int16(short value)
    {
        Size(2);
        BinaryPrimitives.WriteInt16BigEndian(Take(2), value);
    }

    public void Int32(int value)
    {
        Size(4);
        BinaryPrimitives.WriteInt32BigEndian(Take(4), value);
    }

    /// <summary>A port or the like: below zero is null.</summary>
    public void Int32OrNull(int value)
    {
        if (value < 0)
            Null();
        else
            Int32(value);
    }

    public void Int64(long value)
    {
        Size(8);
        BinaryPrimitives.WriteInt64BigEndian(Take(8), value);
    }

    public void Int64OrNull(long value)
    {
        if (value == long.MinValue)
            Null();
        else
            Int64(value);
    }

    public void Bool(bool value)
    {
        Size(1);
        Take(1)[0] = value ? (byte)1 : (byte)0;
    }

    public void Uuid(Guid value)
    {
        Size(16);
        value.TryWriteBytes(Take(16), bigEndian: true, out _);
    }

    public void Text(ReadOnlySpan<byte> utf8)
    {
        Size(utf8.Length);
        utf8.CopyTo(Take(utf8.Length));
    }

    public void TextOrNull(Utf8Text text)
    {
        if (text.IsEmpty)
            Null();
        else
            Text(text.Span);
    }

    public void Ascii(string text)
    {
        Size(text.Length);
        System.Text.Encoding.ASCII.GetBytes(text, Take(text.Length));
    }

    /// <summary>inet: family, prefix length, "is cidr", address length, address.</summary>
    public void Inet(Address address)
    {
        if (address.IsNone)
        {
            Null();
            return;
        }
        Span<byte> bytes = stackalloc byte[16];
        var length = address.Write(bytes);
        Size(4 + length);
        var field = Take(4 + length);
        (field[0], field[1], field[2], field[3]) = (address.Family, (byte)(length * 8), 0, (byte)length);
        bytes[..length].CopyTo(field[4..]);
    }

    /// <summary>jsonb as text with its version byte; the server parses it.</summary>
    public void Jsonb(ReadOnlySpan<byte> utf8)
    {
        Size(utf8.Length + 1);
        var field = Take(utf8.Length + 1);
        field[0] = 1;
        utf8.CopyTo(field[1..]);
    }

    private void Size(int length) => BinaryPrimitives.WriteInt32BigEndian(Take(4), length);

    private Span<byte> Take(int count)
    {
        if (_length + count > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
        var span = _bytes.AsSpan(_length, count);
        _length += count;
        return span;
    }
}
