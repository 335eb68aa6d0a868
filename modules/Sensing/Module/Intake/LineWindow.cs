using Microsoft.Win32.SafeHandles;

namespace Appliance.Sensing.Intake;

/// <summary>A stretch of a file in memory, read line by line. Grows for a long line up to a cap. Not thread-safe.</summary>
internal sealed class LineWindow(int size = 4 << 20, int cap = 16 << 20)
{
    private byte[] _bytes = new byte[size];
    private int _length;
    private int _next;

    /// <summary>Where the next line begins in the file.</summary>
    public long Position { get; private set; }

    /// <summary>True when the window reaches the end of the file as it was when it was filled.</summary>
    public bool AtEnd { get; private set; }

    /// <summary>Reads from <paramref name="from"/>, growing until at least one whole line is in or the cap is reached.</summary>
    public void Fill(SafeFileHandle file, long from)
    {
        (Position, _next, _length) = (from, 0, 0);
        while (true)
        {
            AtEnd = false;
            while (_length < _bytes.Length)
            {
                var read = RandomAccess.Read(file, _bytes.AsSpan(_length), from + _length);
                if (read == 0)
                {
                    AtEnd = true;
                    break;
                }
                _length += read;
            }
            var line = _bytes.AsSpan(0, _length).Contains((byte)'\n');
            Overflows = !AtEnd && !line && _bytes.Length >= cap;
            if (AtEnd || line || Overflows)
                return;
            Array.Resize(ref _bytes, Math.Min(_bytes.Length * 2, cap));
        }
    }

    /// <summary>The next line that ends in this window, without its end. False when there is none left.</summary>
    public bool TryNext(out ReadOnlyMemory<byte> line, out long at)
    {
        at = Position;
        var end = _bytes.AsSpan(_next, _length - _next).IndexOf((byte)'\n');
        if (end < 0)
        {
            line = default;
            return false;
        }
        line = _bytes.AsMemory(_next, end > 0 && _bytes[_next + end - 1] == '\r' ? end - 1 : end);
        _next += end + 1;
        Position += end + 1;
        return true;
    }

    /// <summary>The bytes from where the window was filled.</summary>
    public ReadOnlySpan<byte> Filled => _bytes.AsSpan(0, _length);

    /// <summary>What is left without a line end: the half line at the end of a file, or the head of one larger than the cap.</summary>
    public ReadOnlyMemory<byte> Rest => _bytes.AsMemory(_next, _length - _next);

    /// <summary>True when the window is full and holds no line end.</summary>
    public bool Overflows { get; private set; }

    /// <summary>The place behind the line that begins at <paramref name="from"/>; the file's end when it has no line end.</summary>
    public static long EndOfLine(SafeFileHandle file, long from)
    {
        var chunk = new byte[1 << 20];
        for (var at = from; ;)
        {
            var read = RandomAccess.Read(file, chunk, at);
            if (read == 0)
                return at;
            var end = chunk.AsSpan(0, read).IndexOf((byte)'\n');
            if (end >= 0)
                return at + end + 1;
            at += read;
        }
    }
}
