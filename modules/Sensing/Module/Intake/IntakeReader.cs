using Appliance.Sensing.Sensors;

namespace Appliance.Sensing.Intake;

/// <summary>A stretch of lines in memory with the rows they become: one of the two that a stream reads and commits by turns.</summary>
internal sealed class ReadBatch
{
    public LineWindow Window { get; } = new();

    public IntakeBatch Content { get; } = new();

    /// <summary>Where the bookmark stands once the content is committed.</summary>
    public Bookmark To { get; set; } = default!;
}

/// <summary>Reads and parses one stretch of a stream at a time. Not thread-safe: the next read begins when the one before has ended.</summary>
internal sealed class IntakeReader(SensorFolder sensor, IEveSource source, IntakeContext context)
{
    private const string NextIds = "select nextval('sensing.record_ids')";

    /// <summary>
    /// Fills <paramref name="batch"/> with at most <paramref name="limit"/> lines from <paramref name="from"/> on; false when there is nothing new. With <paramref name="refuse"/>, the database's
    /// code of refusal, lines are kept aside as they are.
    /// </summary>
    public async Task<bool> ReadAsync(ReadBatch batch, Bookmark from, int limit, string? refuse, CancellationToken cancel)
    {
        if (source.Open(from) is not { } stretch)
            return false;
        var now = context.Time.GetUtcNow();
        await context.Hours.EnsureAsync(now, cancel);
        var firstId = await context.Database.FindAsync<long>(NextIds, null, cancel);
        batch.Content.Begin(sensor.Id, stretch.Start.Segment, firstId, now, context.Exercises.Contains);
        if (Read(batch, stretch, limit, refuse) is not { } to)
            return false;
        batch.To = to;
        return true;
    }

    private Bookmark? Read(ReadBatch batch, EveStretch stretch, int limit, string? refuse)
    {
        var (window, content) = (batch.Window, batch.Content);
        window.Fill(stretch.File, stretch.Start.AtByte);
        if (window.Overflows)
            return Huge(batch, stretch);
        var more = true;
        while (content.Lines < limit && (more = window.TryNext(out var line, out var at)))
        {
            if (refuse is null)
                content.Add(line, at);
            else
                content.KeepFragment(line, at, line.Length, RejectReason.Refused);
        }
        var end = stretch.Start with { AtByte = window.Position };
        if (more || !window.AtEnd || !stretch.Closed)
            return content.Lines > 0 || stretch.Start.Segment != end.Segment ? source.Seal(stretch, window, end) : null;
        if (!window.Rest.IsEmpty)
        {
            content.KeepFragment(window.Rest, window.Position, window.Rest.Length, RejectReason.HalfLine);
            end = end with { AtByte = end.AtByte + window.Rest.Length };
        }
        return source.Seal(stretch, window, end) is { } kept ? source.Behind(kept) : null;
    }

    /// <summary>A line larger than the window: its head is kept, the rest is stepped over.</summary>
    private Bookmark? Huge(ReadBatch batch, EveStretch stretch)
    {
        var from = stretch.Start.AtByte;
        var end = LineWindow.EndOfLine(stretch.File, from);
        Span<byte> last = stackalloc byte[1];
        RandomAccess.Read(stretch.File, last, end - 1);
        if (last[0] != '\n' && !stretch.Closed)
            return null;
        batch.Content.KeepFragment(batch.Window.Rest[..IntakeBatch.LineLimit], from, end - from, RejectReason.Huge);
        return source.Seal(stretch, batch.Window, stretch.Start with { AtByte = end });
    }
}
