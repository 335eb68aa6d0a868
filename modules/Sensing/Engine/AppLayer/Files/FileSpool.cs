using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Files;

/// <summary>Where extracted files go, and how much of each.</summary>
internal sealed record FileStoreOptions
{
    /// <summary>The folder; files lie in it under the first two digits of their SHA-256.</summary>
    public required string Folder { get; init; }

    /// <summary>Every file, not only those that a rule asks for.</summary>
    public bool Force { get; init; }

    /// <summary>Bytes kept of one file at most.</summary>
    public long MostPerFile { get; init; } = 256L << 20;

    public bool WritesInfo { get; init; }
}

/// <summary>The bytes of one file until it is known whether they are wanted: a megabyte in memory, the rest in a temporary file.</summary>
internal sealed class FileSpool(FileStoreOptions options)
{
    private const int InMemory = 1 << 20;
    private static int _lastId;
    private readonly SlidingBuffer _memory = new();
    private FileStream? _file;
    private string? _path;
    private long _length;
    private bool _failed;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_failed) return;
        bytes = bytes[..(int)Math.Min(bytes.Length, Math.Max(0, options.MostPerFile - _length))];
        if (bytes.IsEmpty) return;
        _length += bytes.Length;
        if (_file == null && _memory.Length + bytes.Length <= InMemory)
        {
            _memory.Append(bytes);
            return;
        }
        try
        {
            if (_file == null)
            {
                string folder = Path.Combine(options.Folder, "tmp");
                Directory.CreateDirectory(folder);
                _path = Path.Combine(folder, $"file.{Environment.ProcessId}.{Interlocked.Increment(ref _lastId)}");
                _file = new FileStream(_path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
                _file.Write(_memory.Span);
                _memory.Release();
            }
            _file.Write(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Discard();
            _failed = true; // a full or unwritable disk costs the copy, never the packet
        }
    }

    /// <summary>Puts the file in place under its digest; false when it has none or the disk refuses. A file that is there already is not written again.</summary>
    public bool Keep(string? sha256, out int id)
    {
        id = 0;
        if (_failed || sha256 == null)
        {
            Discard();
            return false;
        }
        try
        {
            string folder = Path.Combine(options.Folder, sha256[..2]), place = Path.Combine(folder, sha256);
            Directory.CreateDirectory(folder);
            if (!File.Exists(place))
            {
                if (_file != null)
                {
                    _file.Dispose();
                    _file = null;
                    File.Move(_path!, place, true);
                }
                else
                {
                    string written = place + ".part";
                    File.WriteAllBytes(written, _memory.Span);
                    File.Move(written, place, true);
                }
            }
            id = Interlocked.Increment(ref _lastId);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _failed = true;
            return false;
        }
        finally
        {
            Discard();
        }
    }

    public void Discard()
    {
        _memory.Release();
        if (_file == null) return;
        _file.Dispose();
        _file = null;
        if (_path != null && File.Exists(_path)) File.Delete(_path);
    }
}
