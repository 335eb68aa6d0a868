using System.Buffers.Binary;
using System.Text;

namespace Appliance.Sensing.Engine.Detect.Kept;

/// <summary>Writes numbers and lists in as few bytes as they need. <see cref="KeptReader"/> reads them in the same order.</summary>
internal sealed class KeptWriter
{
    private readonly MemoryStream _stream = new();
    private readonly BinaryWriter _to;

    public KeptWriter() => _to = new BinaryWriter(_stream);

    public ReadOnlySpan<byte> Written => _stream.GetBuffer().AsSpan(0, (int)_stream.Length);

    /// <summary>From -1, which stands for none.</summary>
    public void Number(long value) => _to.Write7BitEncodedInt64(value + 1);

    public void Flag(bool value) => _to.Write(value);

    public void Raw(ReadOnlySpan<byte> bytes) => _to.Write(bytes);

    public void Raw(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _to.Write(bytes);
    }

    public void Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Number(bytes.Length);
        _to.Write(bytes);
    }

    public void Numbers(int[] values)
    {
        Number(values.Length);
        foreach (int value in values) Number(value);
    }

    /// <summary>Lists of which some may be missing; null when all are.</summary>
    public void Lists(int[]?[]? lists)
    {
        Number(lists?.Length ?? -1);
        foreach (int[]? one in lists ?? [])
        {
            if (one == null) Number(-1);
            else Numbers(one);
        }
    }

    public void Each<T>(IReadOnlyCollection<T> items, Action<T> write)
    {
        Number(items.Count);
        foreach (T item in items) write(item);
    }
}
