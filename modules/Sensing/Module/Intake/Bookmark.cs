using Appliance.Kernel.Data;

namespace Appliance.Sensing.Intake;

/// <summary>How far a stream was read: the next byte of the next segment. Moves only together with the rows it stands for.</summary>
internal sealed record Bookmark(short Sensor, string Stream, long Segment, long AtByte, string ReadOn, DateTimeOffset? ReadAt)
{
    private const string Find =
        """
        select sensor_id as sensor, stream, segment, at_byte, read_on, read_at
        from sensing.bookmarks
        where sensor_id = @sensor and stream = @stream
        """;

    private const string Create =
        "insert into sensing.bookmarks (sensor_id, stream, segment) values (@sensor, @stream, 1) on conflict do nothing";

    private const string Move =
        """
        update sensing.bookmarks set
            segment = @Segment, at_byte = @AtByte, read_on = @ReadOn, read_at = @now,
            lines = lines + @lines, records = records + @records, mended = mended + @mended, rejected = rejected + @rejected, blank = blank + @blank
        where sensor_id = @Sensor and stream = @Stream and segment = @was and at_byte = @wasAt
        """;

    public static async Task<Bookmark> LoadAsync(Database database, short sensor, string stream, CancellationToken cancel)
    {
        await database.ExecuteAsync(Create, new { sensor, stream }, cancel);
        var row = await database.FindAsync<BookmarkRow>(Find, new { sensor, stream }, cancel);
        return new(row!.Sensor, row.Stream, row.Segment, row.AtByte, row.ReadOn, row.ReadAt);
    }

    /// <summary>Moves to <paramref name="to"/> within <paramref name="work"/>. Throws when someone else moved it: two hosts on one database.</summary>
    public async Task MoveAsync(Work work, Bookmark to, IntakeBatch batch, CancellationToken cancel)
    {
        var rejected = batch.Rejects.Count(static r => r.RecordId is null);
        var moved = await work.ExecuteAsync(
            Move,
            new { to.Segment, to.AtByte, to.ReadOn, Sensor, Stream, was = Segment, wasAt = AtByte, now = batch.ReceivedAt, lines = batch.Lines, records = batch.Records, mended = batch.Mended, rejected, blank = batch.Blank },
            cancel);
        if (moved != 1)
            throw new BookmarkMovedException($"The bookmark of stream {Stream} of sensor {Sensor} was moved by someone else. Only one host may read a sensor's folder; stop the other one.");
    }

    private sealed class BookmarkRow
    {
        public short Sensor { get; init; }
        public string Stream { get; init; } = "";
        public long Segment { get; init; }
        public long AtByte { get; init; }
        public string ReadOn { get; init; } = "";
        public DateTimeOffset? ReadAt { get; init; }
    }
}

/// <summary>Two hosts read one stream; the message is for the operator.</summary>
internal sealed class BookmarkMovedException(string message) : Exception(message);
