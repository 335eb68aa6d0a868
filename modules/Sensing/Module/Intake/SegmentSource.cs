using System.Globalization;
using Appliance.Sensing.Sensors;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Appliance.Sensing.Intake;

/// <summary>Reads the closed segments of one stream in order of their numbers.</summary>
internal sealed class SegmentSource(SensorFolder sensor, string stream, SpoolMirror mirror, ILogger log) : IEveSource
{
    private const int LooksBetweenLists = 20;

    private readonly SegmentFolder _folder = new(sensor.Path);
    private SafeFileHandle? _file;
    private long _open;
    private long _told;
    private int _looks;

    public EveStretch? Open(Bookmark bookmark)
    {
        // Also a file that is still open: the bookmark may have been read again from the database, from before this file.
        if (_file is not null && _open == bookmark.Segment)
            return From(_file, bookmark);
        _file?.Dispose();
        _file = null;
        if (Find(bookmark) is not { } number)
            return null;
        try
        {
            _file = File.OpenHandle(_folder.PathOf(stream, number), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        }
        catch (FileNotFoundException)
        {
            // The sensor deleted it by budget between the look and the opening; it counts what it deletes.
            return null;
        }
        (_open, _looks) = (number, 0);
        return From(_file, number == bookmark.Segment ? bookmark : bookmark with { Segment = number, AtByte = 0 });
    }

    /// <summary>A closed segment never changes.</summary>
    public Bookmark? Seal(EveStretch stretch, LineWindow window, Bookmark end) => end;

    public Bookmark Behind(Bookmark end) => end with { Segment = end.Segment + 1, AtByte = 0 };

    public void Committed(Bookmark bookmark)
    {
        // Called while the next stretch is read: what is open then says nothing of what was committed.
        if (bookmark.Segment == _told)
            return;
        _told = bookmark.Segment;
        mirror.Read(stream, bookmark.Segment - 1);
    }

    public void Dispose() => _file?.Dispose();

    /// <summary>Looks for the very next number each time, and lists the folder only now and then.</summary>
    private long? Find(Bookmark bookmark)
    {
        if (File.Exists(_folder.PathOf(stream, bookmark.Segment)))
            return bookmark.Segment;
        if (_looks++ % LooksBetweenLists != 0)
            return null;
        if (_folder.Next(stream, bookmark.Segment) is { } higher)
            return higher;
        // Numbers never go back within one folder. Files younger than all that was read, with lower numbers, mean another folder in the same place.
        var readUpTo = WrittenAt(bookmark);
        if (readUpTo == 0 || _folder.OldestAfter(stream, readUpTo) is not { } lower)
            return null;
        Log.SpoolReplaced(log, sensor.Name, stream, bookmark.Segment, lower);
        return lower;
    }

    /// <summary>Notes the newest file read so far, by the clock of whoever wrote it: what tells another folder in the same place from this one.</summary>
    private static EveStretch From(SafeFileHandle file, Bookmark bookmark)
    {
        var written = Math.Max(WrittenAt(bookmark), File.GetLastWriteTimeUtc(file).Ticks);
        return new(file, bookmark with { ReadOn = written.ToString(CultureInfo.InvariantCulture) }, Closed: true);
    }

    private static long WrittenAt(Bookmark bookmark) => long.TryParse(bookmark.ReadOn, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) ? ticks : 0;
}

/// <summary>Tells the sensor what was read of both streams. Shared by the two.</summary>
internal sealed class SpoolMirror(SensorFolder sensor, ILogger log)
{
    private readonly Lock _gate = new();
    private readonly SegmentFolder _folder = new(sensor.Path);
    private long _alerts;
    private long _events;
    private bool _failed;

    public void Read(string stream, long segment)
    {
        lock (_gate)
        {
            if (stream == "alerts")
                _alerts = segment;
            else
                _events = segment;
            try
            {
                _folder.Mirror(_alerts, _events);
                _failed = false;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                if (!_failed)
                    Log.MirrorFailed(log, sensor.Name, fault.Message);
                _failed = true;
            }
        }
    }
}
