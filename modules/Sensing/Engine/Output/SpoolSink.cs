using System.Globalization;

namespace Appliance.Sensing.Engine.Output;

/// <summary>
/// The spool: two streams of numbered segments, closed by time or size, never lost half-way. A full disk does not stop the engine: records wait, then are counted as lost, and writing goes on by
/// itself once there is room.
/// </summary>
internal sealed class SpoolSink : IEveSink
{
    private const long MaxAgeMilliseconds = 500, RetryMilliseconds = 1000;
    private readonly Lock _gate = new();
    private readonly string _stateFile;
    private readonly SpoolSegment[] _segments;
    private readonly Timer _timer;
    private bool _closed;
    private long _retryAt;
    private long _lostBefore;

    public SpoolSink(string folder, string stateFolder)
    {
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(stateFolder);
        _stateFile = Path.Combine(stateFolder, "segments");
        _segments = [new SpoolSegment(folder, "alerts"), new SpoolSegment(folder, "events")];
        string[] kept = File.Exists(_stateFile) ? File.ReadAllLines(_stateFile) : [];
        for (int i = 0; i < _segments.Length; i++)
        {
            if (i < kept.Length && long.TryParse(kept[i], NumberStyles.None, CultureInfo.InvariantCulture, out long next)) _segments[i].Next = Math.Max(1, next);
            _segments[i].Recover();
        }
        SaveNumbers();
        _timer = new Timer(_ => CloseAged(), null, 100, 100);
    }

    /// <summary>Records that could not be kept.</summary>
    public long RecordsLost { get; private set; }

    /// <summary>Writes that failed.</summary>
    public long WriteErrors { get; private set; }

    /// <summary>Why nothing can be written now; null while all is well.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Called once when writing begins to fail (the reason) and once when it works again (null, and how many records were lost meanwhile). Not under any lock of the caller's.</summary>
    public Action<string?, long>? Changed { get; set; }

    public long LastClosed(EveStream stream) => _segments[(int)stream].Next - 1;

    internal static long? Number(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        int dash = name.LastIndexOf('-');
        return dash > 0 && long.TryParse(name[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
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
            if (_closed) return;
            SpoolSegment segment = _segments[(int)stream];
            if (!segment.TryAdd(line)) RecordsLost++;
            if (segment.WantsWrite || segment.IsFull) TryPut(segment, segment.IsFull);
        }
    }

    /// <summary>Puts what waits on the disk and ends the segment when asked; false when the disk refuses.</summary>
    private bool TryPut(SpoolSegment segment, bool close)
    {
        if (Trouble != null && Environment.TickCount64 < _retryAt) return false;
        try
        {
            segment.Write(SaveNumbers);
            if (close) segment.Close();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            WriteErrors++;
            _retryAt = Environment.TickCount64 + RetryMilliseconds;
            if (Trouble == null)
            {
                _lostBefore = RecordsLost;
                Trouble = e.Message;
                Changed?.Invoke(Trouble, 0);
            }
            return false;
        }
        if (Trouble != null)
        {
            Trouble = null;
            Changed?.Invoke(null, RecordsLost - _lostBefore);
        }
        return true;
    }

    private void CloseAged()
    {
        lock (_gate)
        {
            if (_closed) return;
            foreach (SpoolSegment segment in _segments)
                if ((segment.IsOpen || segment.HasWaiting) && Environment.TickCount64 - segment.Since >= MaxAgeMilliseconds) TryPut(segment, true);
        }
    }

    /// <summary>Closes what is open: events first, so that an answer in the alerts stream never arrives before the records it speaks of.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            TryPut(_segments[1], true);
            TryPut(_segments[0], true);
        }
    }

    public void FlushEvents()
    {
        lock (_gate) TryPut(_segments[1], true);
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            if (_closed) return;
            _retryAt = 0;
            foreach (SpoolSegment segment in (SpoolSegment[])[_segments[1], _segments[0]])
                if (!TryPut(segment, true)) RecordsLost += segment.WaitingLines;
            _closed = true;
        }
    }
}
