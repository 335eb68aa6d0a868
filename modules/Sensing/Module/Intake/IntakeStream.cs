using Appliance.Kernel.Data;
using Appliance.Kernel.Disk;
using Appliance.Sensing.Sensors;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Sensing.Intake;

/// <summary>One stream of one sensor, read from its bookmark on, batch by batch, for as long as the host runs.</summary>
internal sealed class IntakeStream(SensorFolder sensor, string stream, IEveSource source, IntakeTransaction transaction, IntakeContext context)
{
    /// <summary>Records in one transaction: large enough for COPY to pay, small enough for a page to wait behind it.</summary>
    public const int BatchLimit = 5000;

    private const string NextIds = "select nextval('sensing.record_ids')";

    private static readonly TimeSpan s_idle = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private readonly LineWindow _window = new();
    private readonly IntakeBatch _batch = new();
    private int _limit = BatchLimit;

    public async Task RunAsync(CancellationToken cancel)
    {
        Bookmark? bookmark = null;
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                if (bookmark is null)
                {
                    bookmark = await Bookmark.LoadAsync(context.Database, sensor.Id, stream, cancel);
                    Log.IntakeBegins(context.Log, sensor.Name, stream, bookmark.Segment, bookmark.AtByte);
                }
                var next = context.Gate.IsOpen ? await AdvanceAsync(bookmark, cancel) : bookmark;
                if (ReferenceEquals(next, bookmark))
                    await Task.Delay(s_idle, context.Time, cancel);
                bookmark = next;
            }
            catch (Exception fault) when (fault is NpgsqlException or IOException or UnauthorizedAccessException or BookmarkMovedException or TimeoutException)
            {
                // Whether the last commit arrived is known only by the bookmark in the database.
                Log.IntakeInterrupted(context.Log, sensor.Name, stream, fault.Message);
                context.Gate.Refused(fault);
                bookmark = null;
                await Task.Delay(s_pause, context.Time, cancel);
            }
        }
    }

    /// <summary>Reads and commits one batch; answers where the bookmark stands then, the same object when there was nothing.</summary>
    internal async Task<Bookmark> AdvanceAsync(Bookmark bookmark, CancellationToken cancel)
    {
        try
        {
            return await StepAsync(bookmark, refuse: null, cancel);
        }
        catch (PostgresException fault) when (IsAboutContent(fault))
        {
            return await NarrowAsync(bookmark, fault, cancel);
        }
    }

    private async Task<Bookmark> StepAsync(Bookmark bookmark, string? refuse, CancellationToken cancel)
    {
        if (source.Open(bookmark) is not { } stretch)
            return bookmark;
        var now = context.Time.GetUtcNow();
        await context.Hours.EnsureAsync(now, cancel);
        var firstId = await context.Database.FindAsync<long>(NextIds, null, cancel);
        _batch.Begin(sensor.Id, stretch.Start.Segment, firstId, now, context.Exercises.Contains);
        if (Read(stretch, refuse) is not { } to)
            return bookmark;
        await transaction.CommitAsync(_batch, bookmark, to, cancel);
        IntakeMetrics.Committed(stream, _batch, context.Time.GetUtcNow() - now);
        context.Gate.Stored();
        source.Committed(to);
        _limit = Math.Min(_limit * 2, BatchLimit);
        if (_batch.Alerts.Count > 0 || _batch.Answers.Count > 0)
            context.Bell.Ring();
        return to with { ReadAt = now };
    }

    private Bookmark? Read(EveStretch stretch, string? refuse)
    {
        _window.Fill(stretch.File, stretch.Start.AtByte);
        if (_window.Overflows)
            return Huge(stretch);
        var more = true;
        while (_batch.Lines < _limit && (more = _window.TryNext(out var line, out var at)))
        {
            if (refuse is null)
                _batch.Add(line, at);
            else
                _batch.KeepFragment(line, at, line.Length, RejectReason.Refused);
        }
        var end = stretch.Start with { AtByte = _window.Position };
        if (more || !_window.AtEnd || !stretch.Closed)
            return _batch.Lines > 0 || stretch.Start.Segment != end.Segment ? end : null;
        if (!_window.Rest.IsEmpty)
        {
            _batch.KeepFragment(_window.Rest, _window.Position, _window.Rest.Length, RejectReason.HalfLine);
            end = end with { AtByte = end.AtByte + _window.Rest.Length };
        }
        return source.Behind(end);
    }

    /// <summary>A line larger than the window: its head is kept, the rest is stepped over.</summary>
    private Bookmark? Huge(EveStretch stretch)
    {
        var from = stretch.Start.AtByte;
        var end = LineWindow.EndOfLine(stretch.File, from);
        Span<byte> last = stackalloc byte[1];
        RandomAccess.Read(stretch.File, last, end - 1);
        if (last[0] != '\n' && !stretch.Closed)
            return null;
        _batch.KeepFragment(_window.Rest[..IntakeBatch.LineLimit], from, end - from, RejectReason.Huge);
        return stretch.Start with { AtByte = end };
    }

    /// <summary>The database refused a batch for something in it: halve until the one line is alone, then keep that aside.</summary>
    private async Task<Bookmark> NarrowAsync(Bookmark bookmark, PostgresException fault, CancellationToken cancel)
    {
        if (_batch.Lines > 1)
        {
            _limit = Math.Max(1, (int)_batch.Lines / 2);
            return await AdvanceAsync(bookmark, cancel);
        }
        Log.LineRefused(context.Log, sensor.Name, stream, bookmark.Segment, bookmark.AtByte, fault.MessageText);
        _limit = 1;
        return await StepAsync(bookmark, fault.SqlState, cancel);
    }

    /// <summary>Data exceptions (class 22), broken limits (54) and checks (23): trying the same bytes again cannot help.</summary>
    private static bool IsAboutContent(PostgresException fault) =>
        fault.SqlState.StartsWith("22", StringComparison.Ordinal) || fault.SqlState.StartsWith("54", StringComparison.Ordinal) || fault.SqlState == PostgresErrorCodes.NotNullViolation;
}

/// <summary>What all streams share.</summary>
internal sealed record IntakeContext(Database Database, Hours Hours, SensingBell Bell, Exercises Exercises, IntakeGate Gate, TimeProvider Time, ILogger Log);
