namespace Appliance.Sensing.Engine.Output;

internal enum EveStream : byte { Alerts, Events }

/// <summary>Where finished records go. Shared by all workers.</summary>
internal interface IEveSink : IDisposable
{
    void Write(EveStream stream, ReadOnlySpan<byte> line);
    void Flush();
}

/// <summary>One eve.json, as Suricata writes it.</summary>
internal sealed class FileSink : IEveSink
{
    private readonly Lock _gate = new();
    private FileStream _file;
    private readonly byte[] _buffer = new byte[1 << 18];
    private int _count;

    public FileSink(string path, bool append = true) => _file = new FileStream(path, append ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.Read, 1);

    public string Name => _file.Name;

    public long Records { get; private set; }

    public void Write(EveStream stream, ReadOnlySpan<byte> line)
    {
        lock (_gate)
        {
            Records++;
            if (line.Length > _buffer.Length - _count) FlushInside();
            if (line.Length > _buffer.Length)
            {
                Put(line);
                return;
            }
            line.CopyTo(_buffer.AsSpan(_count));
            _count += line.Length;
        }
    }

    public void Flush()
    {
        lock (_gate)
        {
            FlushInside();
            _file.Flush();
        }
    }

    /// <summary>Goes on in a new file of the same name: the old one has been renamed or removed.</summary>
    public void Reopen()
    {
        lock (_gate)
        {
            FlushInside();
            string path = _file.Name;
            _file.Dispose();
            _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, 1);
        }
    }

    private void FlushInside()
    {
        if (_count > 0) Put(_buffer.AsSpan(0, _count));
        _count = 0;
    }

    /// <summary>Whole lines to the disk. When it refuses them they are counted as lost and no half of a line stays behind.</summary>
    private void Put(ReadOnlySpan<byte> lines)
    {
        long before = _file.CanSeek ? _file.Position : 0;
        try
        {
            _file.Write(lines);
        }
        catch (IOException e)
        {
            Lost += lines.Count((byte)'\n');
            Trouble ??= e.Message;
            if (_file.CanSeek) _file.SetLength(before);
        }
    }

    /// <summary>Records that could not be written, and why the first could not.</summary>
    public long Lost { get; private set; }

    public string? Trouble { get; private set; }

    public void Dispose()
    {
        Flush();
        _file.Dispose();
    }
}
