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
    private readonly FileStream _file;
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
                _file.Write(line);
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

    private void FlushInside()
    {
        if (_count > 0) _file.Write(_buffer, 0, _count);
        _count = 0;
    }

    public void Dispose()
    {
        Flush();
        _file.Dispose();
    }
}
