using System.Globalization;

namespace Appliance.Sensing.Engine.Output;

/// <summary>The spool: two streams of numbered segments, closed by time or size, never lost half-way.</summary>
internal sealed class SpoolSink : IEveSink
{
    private const int MaxSegment = 4 << 20;
    private const long MaxAgeMilliseconds = 500;
    private readonly Lock _gate = new();
    private readonly string _folder;
    private readonly string _stateFile;
    private readonly Segment[] _segments;
    private readonly Timer _timer;
    private bool _closed;
    private bool _failing;

    private sealed class Segment(string name)
    {
        public readonly string Name = name;
        public long Next = 1;
        public FileStream? File;
        public string Path = "";
        public long Since;
        public long Size;
    }

    public SpoolSink(string folder, string stateFolder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(stateFolder);
        _stateFile = Path.Combine(stateFolder, "segments");
        _segments = [new Segment("alerts"), new Segment("events")];
        Recover();
        _timer = new Timer(_ => CloseAged(), null, 100, 100);
    }

    public long LostToErrors { get; private set; }
    public long LastClosed(EveStream stream) => _segments[(int)stream].Next - 1;

    private void Recover()
    {
        string[] kept = File.Exists(_stateFile) ? File.ReadAllLines(_stateFile) : [];
        for (int i = 0; i < _segments.Length; i++)
        {
            Segment segment = _segments[i];
            if (i < kept.Length && long.TryParse(kept[i], NumberStyles.None, CultureInfo.InvariantCulture, out long next)) segment.Next = Math.Max(1, next);
            foreach (string path in Directory.EnumerateFiles(_folder, segment.Name + "-*"))
                if (Number(path) is { } number) segment.Next = Math.Max(segment.Next, number + 1);
            foreach (string orphan in Directory.EnumerateFiles(_folder, segment.Name + "-*.open").ToArray())
            {
                using (var file = new FileStream(orphan, FileMode.Open, FileAccess.ReadWrite))
                {
                    long length = LastLineEnd(file);
                    file.SetLength(length);
                    file.Flush(true);
                }
                if (new FileInfo(orphan).Length == 0) File.Delete(orphan);
                else File.Move(orphan, Path.ChangeExtension(orphan, ".json"), false);
            }
        }
        SaveNumbers();
    }

    internal static long? Number(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        int dash = name.LastIndexOf('-');
        return dash > 0 && long.TryParse(name[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
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

    private void SaveNumbers()
    {
        string fresh = _stateFile + ".new";
        File.WriteAllLines(fresh, _segments.Select(s => s.Next.ToString(CultureInfo.InvariantCulture)));
        File.Move(fresh, _stateFile, true);
    }

    public void Write(EveStream stream, ReadOnlySpan<byte> line)
    {
        lock (_gate)
        {
            Segment segment = _segments[(int)stream];
            if (_closed) return;
            try
            {
                if (segment.File == null)
                {
                    segment.Path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{segment.Name}-{segment.Next:D10}.open"));
                    segment.File = new FileStream(segment.Path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16);
                    segment.Since = Environment.TickCount64;
                    segment.Size = 0;
                    segment.Next++;
                    SaveNumbers();
                }
                segment.File.Write(line);
                segment.Size += line.Length;
                if (segment.Size >= MaxSegment) Close(segment);
                _failing = false;
            }
            catch (IOException e)
            {
                // a full disk must not stop inspection: the loss is counted and told
                LostToErrors++;
                if (!_failing) Console.Error.WriteLine($"spool: cannot write {segment.Path}: {e.Message}; records are lost until there is room");
                _failing = true;
            }
        }
    }

    private static void Close(Segment segment)
    {
        if (segment.File == null) return;
        segment.File.Flush(true);
        segment.File.Dispose();
        segment.File = null;
        File.Move(segment.Path, Path.ChangeExtension(segment.Path, ".json"), false);
    }

    private void CloseAged()
    {
        lock (_gate)
        {
            if (_closed) return;
            foreach (Segment segment in _segments)
                if (segment.File != null && Environment.TickCount64 - segment.Since >= MaxAgeMilliseconds) TryClose(segment);
        }
    }

    private void TryClose(Segment segment)
    {
        try
        {
            Close(segment);
        }
        catch (IOException e)
        {
            LostToErrors++;
            Console.Error.WriteLine($"spool: cannot close {segment.Path}: {e.Message}");
            segment.File?.Dispose();
            segment.File = null;
        }
    }

    /// <summary>Closes what is open: events first, so that an answer in the alerts stream never arrives before the records it speaks of.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            TryClose(_segments[1]);
            TryClose(_segments[0]);
        }
    }

    public void FlushEvents()
    {
        lock (_gate) TryClose(_segments[1]);
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            TryClose(_segments[1]);
            TryClose(_segments[0]);
            _closed = true;
        }
    }
}
