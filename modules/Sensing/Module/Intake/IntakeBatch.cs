
namespace Appliance.Sensing.Intake;

/// <summary>What one transaction will hold: rows ready for COPY, alerts waiting for their groups, and the counts that go up with them.</summary>
internal sealed class IntakeBatch
{
    /// <summary>Lines longer than this are kept aside whole; only their columns become a row.</summary>
    public const int LineLimit = 1 << 20;

    private readonly EveParser _parser = new();
    private readonly EveRecord _event = new();

    public CopyBuffer Events { get; } = new();

    public List<EveRecord> Alerts { get; } = [];

    public List<Reject> Rejects { get; } = [];

    /// <summary>Answers and heartbeats of the sensor, in order.</summary>
    public List<byte[]> Answers { get; } = [];

    public Dictionary<(string Type, int Severity), Tally> Tallies { get; } = [];

    public Dictionary<Address, Sighting> Sightings { get; } = [];

    /// <summary>What the records say of hosts and names.</summary>
    public Facts Facts { get; } = new();

    public long Lines { get; private set; }

    public long Blank { get; private set; }

    /// <summary>Lines that became rows.</summary>
    public long Records { get; private set; }

    public long Mended { get; private set; }

    /// <summary>Newest packet time among records that are not a replay's.</summary>
    public long LastLive { get; private set; }

    public short Sensor { get; private set; }

    /// <summary>The segment the lines came from, for those kept aside.</summary>
    public long Segment { get; private set; }

    public DateTimeOffset ReceivedAt { get; private set; }

    private long _id;
    private long _receivedMicros;
    private Func<string, bool> _isExercise = static _ => false;

    public void Begin(short sensor, long segment, long firstId, DateTimeOffset receivedAt, Func<string, bool> isExercise)
    {
        (Segment, Sensor, _id, ReceivedAt, _receivedMicros, _isExercise) = (segment, sensor, firstId, receivedAt, EveTime.Micros(receivedAt), isExercise);
        (Lines, Blank, Records, Mended, LastLive) = (0, 0, 0, 0, 0);
        Events.Begin();
        Alerts.Clear();
        Rejects.Clear();
        Answers.Clear();
        Tallies.Clear();
        Sightings.Clear();
        Facts.Clear();
    }

    /// <summary>Takes one line that begins at <paramref name="at"/>.</summary>
    public void Add(ReadOnlyMemory<byte> line, long at)
    {
        Lines++;
        if (line.Span.Trim(" \t\r"u8).IsEmpty)
        {
            Blank++;
            return;
        }
        var sound = Mending.IsSound(line.Span);
        var raw = sound ? line : Mending.Mend(line.Span);
        var fault = _parser.Read(raw.Span, _event);
        if (fault is { } wrong)
        {
            Keep(line, at, line.Length, wrong.Reason, wrong.Detail);
            return;
        }
        var id = _id++;
        if (!sound)
        {
            Mended++;
            Rejects.Add(new(at, line.Length, RejectReason.Mended, "", id, line));
        }
        if (line.Length > LineLimit)
        {
            Mended++;
            Rejects.Add(new(at, line.Length, RejectReason.Huge, "", id, line));
            raw = System.Text.Encoding.UTF8.GetBytes($$"""{"event_type":"{{_event.Type}}","cut":{{line.Length}}}""");
        }
        Take(id, raw);
    }

    /// <summary>Keeps a line aside that does not become a row.</summary>
    public void Keep(ReadOnlyMemory<byte> line, long at, long length, string reason, string detail = "") =>
        Rejects.Add(new(at, length, reason, detail, null, line));

    /// <summary>A line whose head alone is in memory, or which has no end.</summary>
    public void KeepFragment(ReadOnlyMemory<byte> head, long at, long length, string reason)
    {
        Lines++;
        Keep(head, at, length, reason);
    }

    private void Take(long id, ReadOnlyMemory<byte> raw)
    {
        var record = _event;
        if (!record.HasTime)
            record.SeenMicros = _receivedMicros;
        Records++;
        Count(record, raw.Length);
        if (record.Replay.IsEmpty && record.Type is not ("stats" or "engine"))
            LastLive = Math.Max(LastLive, record.SeenMicros);
        Sight(record.Source, record.SeenMicros);
        Sight(record.Destination, record.SeenMicros);
        if (record.Type == "alert")
        {
            Alerts.Add(Retain(record, id, raw));
            return;
        }
        if (record.Type is "engine" or "stats")
            Answers.Add(raw.ToArray());
        Facts.Take(record, raw.Span);
        var row = Events;
        row.Row(16);
        row.Int64(id);
        row.Int64(_receivedMicros);
        row.Int64(record.SeenMicros);
        row.Int16(Sensor);
        row.Ascii(record.Type);
        Endpoints(row, record);
        row.Jsonb(raw.Span);
        row.Bool(IsExercise(record));
    }

    /// <summary>Writes the alerts, now that their groups are known.</summary>
    public void WriteAlerts(CopyBuffer rows, Func<EveRecord, Guid> groupOf)
    {
        rows.Begin();
        foreach (var record in Alerts)
        {
            rows.Row(19);
            rows.Int64(record.Id);
            rows.Uuid(groupOf(record));
            rows.Int64(_receivedMicros);
            rows.Int64(record.SeenMicros);
            rows.Int16(Sensor);
            rows.Int32(record.Gid);
            rows.Int64(record.Sid);
            rows.Int16((short)record.Severity);
            Endpoints(rows, record);
            rows.Jsonb(record.Raw.Span);
            rows.Bool(record.Exercise);
        }
        rows.End();
    }

    private static void Endpoints(CopyBuffer row, EveRecord record)
    {
        row.Inet(record.Source);
        row.Int32OrNull(record.SourcePort);
        row.Inet(record.Destination);
        row.Int32OrNull(record.DestinationPort);
        row.TextOrNull(record.Proto);
        row.TextOrNull(record.AppProto);
        row.Int64OrNull(record.FlowId);
        row.TextOrNull(record.Name);
        row.TextOrNull(record.Replay);
    }

    private EveRecord Retain(EveRecord record, long id, ReadOnlyMemory<byte> raw)
    {
        var kept = new EveRecord
        {
            Id = id,
            Type = record.Type,
            SeenMicros = record.SeenMicros,
            HasTime = record.HasTime,
            Source = record.Source,
            Destination = record.Destination,
            SourcePort = record.SourcePort,
            DestinationPort = record.DestinationPort,
            FlowId = record.FlowId,
            HasAlert = true,
            Gid = record.Gid,
            Sid = record.Sid,
            Rev = record.Rev,
            Severity = record.Severity,
            Signature = record.Signature,
            Category = record.Category,
            Raw = raw,
            Exercise = IsExercise(record),
        };
        kept.Proto.CopyFrom(record.Proto);
        kept.AppProto.CopyFrom(record.AppProto);
        kept.Name.CopyFrom(record.Name);
        kept.Replay.CopyFrom(record.Replay);
        return kept;
    }

    private bool IsExercise(EveRecord record) => !record.Replay.IsEmpty && _isExercise(record.Replay.ToString());

    private void Count(EveRecord record, int bytes)
    {
        ref var tally = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(
            Tallies, (record.Type, record.Type == "alert" ? Math.Min(record.Severity, 4) : 0), out _);
        tally.Records++;
        tally.Bytes += bytes;
    }

    private void Sight(Address address, long micros)
    {
        if (address.IsNone)
            return;
        ref var sighting = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(Sightings, address, out var known);
        sighting.First = known ? Math.Min(sighting.First, micros) : micros;
        sighting.Last = Math.Max(sighting.Last, micros);
        sighting.Records++;
    }
}

/// <summary>A line kept aside.</summary>
/// <param name="At">Where it begins in its segment.</param>
/// <param name="Length">Its length; more than what is kept when it is larger than the window.</param>
/// <param name="Reason">One of <see cref="RejectReason"/>.</param>
/// <param name="Detail">Particulars.</param>
/// <param name="RecordId">The mended row, where there is one.</param>
/// <param name="Line">Its bytes.</param>
internal sealed record Reject(long At, long Length, string Reason, string Detail, long? RecordId, ReadOnlyMemory<byte> Line);

/// <summary>Records and bytes of one kind.</summary>
internal struct Tally
{
    public long Records;
    public long Bytes;
}

/// <summary>When an address was seen in a batch.</summary>
internal record struct Sighting
{
    public long First;
    public long Last;
    public long Records;
}
