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

    private static readonly TimeSpan s_idle = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private readonly IntakeReader _reader = new(sensor, source, context);
    private ReadBatch _batch = new();
    private ReadBatch _other = new();
    private (Bookmark From, Task<bool> Read)? _ahead;
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
        if (!await TakeAheadAsync(bookmark, refuse) && !await _reader.ReadAsync(_batch, bookmark, _limit, refuse, cancel))
            return bookmark;
        var (content, to) = (_batch.Content, _batch.To);
        // What follows is read and parsed while the database takes this.
        if (refuse is null)
        {
            var (other, limit) = (_other, _limit);
            _ahead = (to, Task.Run(() => _reader.ReadAsync(other, to, limit, null, cancel), cancel));
        }
        await transaction.CommitAsync(content, bookmark, to, cancel);
        IntakeMetrics.Committed(stream, content, context.Time.GetUtcNow() - content.ReceivedAt);
        context.Gate.Stored();
        source.Committed(to);
        _limit = Math.Min(_limit * 2, BatchLimit);
        if (content.Alerts.Count > 0 || content.Answers.Count > 0)
            context.Bell.Ring();
        return to with { ReadAt = content.ReceivedAt };
    }

    /// <summary>
    /// Waits for what was read ahead and takes it, if it begins where the bookmark stands; false when there is none. What was read behind a commit that failed begins elsewhere and is read again.
    /// </summary>
    private async Task<bool> TakeAheadAsync(Bookmark bookmark, string? refuse)
    {
        if (_ahead is not { } ahead)
            return false;
        _ahead = null;
        if (refuse is not null || (ahead.From.Segment, ahead.From.AtByte, ahead.From.ReadOn) != (bookmark.Segment, bookmark.AtByte, bookmark.ReadOn))
        {
            await ((Task)ahead.Read).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        }
        if (!await ahead.Read)
            return false;
        (_batch, _other) = (_other, _batch);
        return true;
    }

    /// <summary>The database refused a batch for something in it: halve until the one line is alone, then keep that aside.</summary>
    private async Task<Bookmark> NarrowAsync(Bookmark bookmark, PostgresException fault, CancellationToken cancel)
    {
        if (_batch.Content.Lines > 1)
        {
            _limit = Math.Max(1, (int)_batch.Content.Lines / 2);
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
