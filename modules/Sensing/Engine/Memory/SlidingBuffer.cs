using System.Buffers;

namespace Appliance.Sensing.Engine.Memory;

/// <summary>Bytes that are appended at the end and released at the front; the array comes from the shared pool.</summary>
internal sealed class SlidingBuffer
{
    private static long s_held;
    private byte[] _array = [];
    private int _start;
    private int _end;

    /// <summary>Bytes that all buffers of the process hold.</summary>
    public static long HeldByAll => Interlocked.Read(ref s_held);

    public int Length => _end - _start;
    public int Capacity => _array.Length;
    public ReadOnlySpan<byte> Span => _array.AsSpan(_start, _end - _start);
    public ReadOnlyMemory<byte> MemoryOf => _array.AsMemory(_start, _end - _start);
    public byte[] Array => _array;
    public int Start => _start;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_array.AsSpan(_end));
        _end += bytes.Length;
    }

    public void Append(byte value)
    {
        Reserve(1);
        _array[_end++] = value;
    }

    /// <summary>Appends a copy of bytes that are in the buffer already.</summary>
    public void AppendOwn(int offset, int length)
    {
        Reserve(length);
        _array.AsSpan(_start + offset, length).CopyTo(_array.AsSpan(_end));
        _end += length;
    }

    /// <summary>Writes at an offset from the front, filling a hole with zeroes when the offset lies beyond the end.</summary>
    public void WriteAt(int offset, ReadOnlySpan<byte> bytes)
    {
        int need = offset + bytes.Length - Length;
        if (need > 0)
        {
            Reserve(need);
            if (offset > Length) _array.AsSpan(_end, offset - Length).Clear();
            _end += need;
        }
        bytes.CopyTo(_array.AsSpan(_start + offset));
    }

    public void Consume(int count)
    {
        _start += count;
        if (_start >= _end) _start = _end = 0;
    }

    public void Truncate(int length) => _end = _start + Math.Min(length, Length);

    public void Clear() => _start = _end = 0;

    public void Release()
    {
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
            Interlocked.Add(ref s_held, -_array.Length);
        }
        _array = [];
        _start = _end = 0;
    }

    private void Reserve(int count)
    {
        if (_array.Length - _end >= count) return;
        int length = Length;
        if (_array.Length - length >= count && _start > 0)
        {
            Buffer.BlockCopy(_array, _start, _array, 0, length);
        }
        else
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(length + count, Math.Max(512, _array.Length * 2)));
            Buffer.BlockCopy(_array, _start, larger, 0, length);
            if (_array.Length > 0) ArrayPool<byte>.Shared.Return(_array);
            Interlocked.Add(ref s_held, larger.Length - _array.Length);
            _array = larger;
        }
        _start = 0;
        _end = length;
    }
}
