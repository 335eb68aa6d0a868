using System.Globalization;

namespace Appliance.Sensing.Engine.Output;

/// <summary>
/// One stream of the spool: the segment being written and the lines that are not on the disk yet. Only whole lines reach the file; what a failed write has left of one is cut off again, and
/// its lines wait until there is room or until too many wait.
/// </summary>
internal sealed class SpoolSegment(string folder, string name)
{
    public const int MostBytes = 4 << 20;
    private const int WriteAt = 1 << 16, MostWaiting = 2 << 20;
    private byte[] _waiting = new byte[1 << 17];
    private int _count;
    private FileStream? _file;
    private string _path = "";
    private long _written;

    public string Name => name;
    public long Next { get; set; } = 1;
    public bool IsOpen => _file != null;
    public bool HasWaiting => _count > 0;

    /// <summary>Milliseconds of the machine's clock at which the oldest line came.</summary>
    public long Since { get; private set; }

    public bool IsFull => _written + _count >= MostBytes;
    public bool WantsWrite => _count >= WriteAt;

    /// <summary>Takes a line; false when too many wait already.</summary>
    public bool TryAdd(ReadOnlySpan<byte> line)
    {
        if (_count + line.Length > _waiting.Length)
        {
            if (_count + line.Length > MostWaiting && _count > 0) return false;
            Array.Resize(ref _waiting, Math.Max(_count + line.Length, Math.Min(_waiting.Length * 2, MostWaiting)));
        }
        if (_count == 0 && _file == null) Since = Environment.TickCount64;
        line.CopyTo(_waiting.AsSpan(_count));
        _count += line.Length;
        return true;
    }

    /// <summary>Lines that wait, for when they are given up.</summary>
    public int WaitingLines => _waiting.AsSpan(0, _count).Count((byte)'\n');

    /// <summary>Puts what waits into the segment, opening one when there is none. Throws <see cref="IOException"/>; then nothing of it is in the file and all of it still waits.</summary>
    public void Write(Action numbersChanged)
    {
        if (_count == 0) return;
        if (_file == null)
        {
            _path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}-{Next:D10}.open"));
            Next++;
            try
            {
                numbersChanged();
                _file = new FileStream(_path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1);
            }
            catch
            {
                Next--;
                throw;
            }
            _written = 0;
        }
        try
        {
            _file.Write(_waiting, 0, _count);
        }
        catch (IOException)
        {
            // a reader after a crash would otherwise find half a line in front of the next
            _file.SetLength(_written);
            _file.Position = _written;
            throw;
        }
        _written += _count;
        _count = 0;
        if (_waiting.Length > 1 << 20) _waiting = new byte[1 << 17];
    }

    /// <summary>Ends the segment: on the disk, then under its final name. Throws <see cref="IOException"/>; the segment is then still open.</summary>
    public void Close()
    {
        if (_file == null) return;
        _file.Flush(true);
        File.Move(_path, Path.ChangeExtension(_path, ".json"), false);
        _file.Dispose();
        _file = null;
        if (_count > 0) Since = Environment.TickCount64;
    }

    /// <summary>After a crash: what was being written is cut behind its last line and closed, or deleted when no line is left.</summary>
    public void Recover()
    {
        foreach (string path in Directory.EnumerateFiles(folder, name + "-*"))
            if (SpoolSink.Number(path) is { } number) Next = Math.Max(Next, number + 1);
        foreach (string orphan in Directory.EnumerateFiles(folder, name + "-*.open").ToArray())
        {
            long length;
            using (var file = new FileStream(orphan, FileMode.Open, FileAccess.ReadWrite))
            {
                length = LastLineEnd(file);
                file.SetLength(length);
                file.Flush(true);
            }
            if (length == 0) File.Delete(orphan);
            else File.Move(orphan, Path.ChangeExtension(orphan, ".json"), false);
        }
    }

    private static long LastLineEnd(FileStream file)
    {
        long at = file.Length;
        var buffer = new byte[65536];
        while (at > 0)
        {
            int count = (int)Math.Min(buffer.Length, at);
            file.Position = at - count;
            file.ReadExactly(buffer, 0, count);
            int newline = buffer.AsSpan(0, count).LastIndexOf((byte)'\n');
            if (newline >= 0) return at - count + newline + 1;
            at -= count;
        }
        return 0;
    }
}
