using System.Buffers.Binary;
using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Alerts;
using Microsoft.AspNetCore.Http;

namespace Appliance.Sensing.Packets;

/// <summary>Asks for the packets of an alert's conversation.</summary>
internal sealed record ShowPacketsRequest(long Alert);

/// <summary>One packet as kept.</summary>
/// <param name="At">When it crossed the wire.</param>
/// <param name="Length">On the wire.</param>
/// <param name="Rows">Its first bytes as hex and text.</param>
public sealed record KeptPacket(DateTimeOffset At, int Length, IReadOnlyList<HexRow> Rows);

/// <summary>The packets of a conversation, or why there are none.</summary>
/// <param name="State">none (nobody asked), queued, running, done, empty, older, gone, failed; or an obstacle: replay, stock, absent, off.</param>
/// <param name="Extract">The newest extract.</param>
/// <param name="Packets">The first packets of it.</param>
internal sealed record PacketsView(string State, ExtractRow? Extract, IReadOnlyList<KeptPacket> Packets)
{
    /// <summary>Why this alert's packets cannot be asked for at all, or null.</summary>
    public static string? Obstacle(string? replay, string kind, bool present, SensingOptions options) =>
        replay is not null ? "replay" : kind != "folder" ? "stock" : !present ? "absent" : options.PacketsBudgetMib == 0 ? "off" : null;

    public bool IsOpen => State is "queued" or "running";

    public bool MayAsk => State is "none" or "empty" or "older" or "gone" or "failed" or "done";
}

/// <summary>An extract as stored.</summary>
internal sealed class ExtractRow
{
    public Guid Id { get; init; }
    public short SensorId { get; init; }
    public string State { get; init; } = "";
    public DateTimeOffset AskedAt { get; init; }
    public string AskedByName { get; init; } = "";
    public string? File { get; init; }
    public long? Packets { get; init; }
    public long? Bytes { get; init; }
    public DateTimeOffset? FirstPacket { get; init; }
    public DateTimeOffset? LastPacket { get; init; }
    public DateTimeOffset? RingFrom { get; init; }
    public bool? Truncated { get; init; }
    public string? Reason { get; init; }
    public string SensorPath { get; init; } = "";

    /// <summary>Where the sensor put it; never outside its folder of extracts, whatever it said.</summary>
    private string PathOfFile => Path.Combine(SensorPath, "packets", "extracted", $"{Id}.pcap");

    /// <summary>Opens it, unless it is gone or no plain file of that very place: whoever writes to the sensor's folder may have put a link or a pipe there.</summary>
    public FileStream? Open()
    {
        // Of a pipe, which would be waited for, the system tells no length.
        if (new FileInfo(PathOfFile) is not { Exists: true, LinkTarget: null, Length: > 0 })
            return null;
        try
        {
            var file = System.IO.File.OpenRead(PathOfFile);
            // What was opened, not what lay there a moment ago.
            var opened = System.IO.File.ResolveLinkTarget(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}"), returnFinalTarget: false);
            if (opened?.FullName.EndsWith($"/packets/extracted/{Id}.pcap", StringComparison.Ordinal) == true)
                return file;
            file.Dispose();
            return null;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            // The sensor deleted it meanwhile, or it is not ours to read.
            return null;
        }
    }
}

/// <summary>The packets behind an alert: the sensor's ring keeps them for as long as its budget lasts, and this says so.</summary>
internal sealed class ShowPackets(Database database, SensingOptions options) : Query<ShowPacketsRequest, PacketsView>
{
    private const string Alert =
        $"""
        select m.seen_at, m.replay, s.kind, s.present
        from sensing.alerts m join sensing.sensors s on s.id = m.sensor_id
        where m.id = @Alert and {Visible.Rows}
        """;

    private const string Newest =
        $"""
        select m.id, m.sensor_id, m.state, m.asked_at, m.asked_by_name, m.file, m.packets, m.bytes, m.first_packet, m.last_packet, m.ring_from, m.truncated, m.reason, s.path as sensor_path
        from sensing.extracts m join sensing.sensors s on s.id = m.sensor_id
        where m.alert_id = @Alert and {Visible.Rows}
        order by m.asked_at desc
        limit 1
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<PacketsView>> HandleAsync(Viewer viewer, ShowPacketsRequest request, CancellationToken cancel)
    {
        if (await database.FindAsync<AlertRow>(Alert, Visible.With(viewer, request), cancel) is not { } alert)
            return Refuse.NotFound("sensing.refused.no-event");
        var newest = await database.FindAsync<ExtractRow>(Newest, Visible.With(viewer, request), cancel);
        if (newest is null)
            return new PacketsView(PacketsView.Obstacle(alert.Replay, alert.Kind, alert.Present, options) ?? "none", null, []);
        if (newest.State != "done")
            return new PacketsView(newest.State, newest, []);
        if (newest.Packets is null or 0)
            return new PacketsView(newest.RingFrom > alert.SeenAt ? "older" : "empty", newest, []);
        await using var file = newest.Open();
        return file is null ? new PacketsView("gone", newest, []) : new PacketsView("done", newest, PacketFile.First(file));
    }

    private sealed class AlertRow
    {
        public DateTimeOffset SeenAt { get; init; }
        public string? Replay { get; init; }
        public string Kind { get; init; } = "";
        public bool Present { get; init; }
    }
}

/// <summary>Reads the frame of a capture that our own sensor wrote; what is in the packets is only ever shown as bytes.</summary>
internal static class PacketFile
{
    private const int Shown = 50;
    private const int BytesShown = 256;
    private const int Header = 24;
    private const int RecordHeader = 16;
    private const int LongestPacket = 1 << 18;

    /// <summary>The first packets; stops where the file is no longer what it should be.</summary>
    public static IReadOnlyList<KeptPacket> First(Stream file)
    {
        var packets = new List<KeptPacket>();
        Span<byte> head = stackalloc byte[Header];
        if (file.ReadAtLeast(head, Header, throwOnEndOfStream: false) < Header || BinaryPrimitives.ReadUInt32LittleEndian(head) != 0xA1B2C3D4)
            return packets;
        var record = new byte[RecordHeader];
        while (packets.Count < Shown && file.ReadAtLeast(record, RecordHeader, throwOnEndOfStream: false) == RecordHeader)
        {
            var (seconds, micros) = (BinaryPrimitives.ReadUInt32LittleEndian(record), BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(4)));
            var (kept, length) = (BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(8)), BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(12)));
            if (kept > LongestPacket || micros >= 1_000_000)
                break;
            var bytes = new byte[Math.Min(kept, BytesShown)];
            if (file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
                break;
            file.Seek(kept - bytes.Length, SeekOrigin.Current);
            packets.Add(new(DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(micros * 10L), (int)Math.Min(length, int.MaxValue), PayloadView.RowsOf(bytes)));
        }
        return packets;
    }
}

/// <summary>The file of an extract.</summary>
internal static class PacketDownload
{
    private const string Find =
        $"""
        select m.id, m.sensor_id, m.state, s.path as sensor_path
        from sensing.extracts m join sensing.sensors s on s.id = m.sensor_id
        where m.id = @id and m.state = 'done' and {Visible.Rows}
        """;

    public static async Task<object> SendAsync(Viewer viewer, Database database, Guid id, CancellationToken cancel)
    {
        var row = await database.FindAsync<ExtractRow>(Find, Visible.With(viewer, new { id }), cancel);
        return row?.Open() is { } file
            ? Results.Stream(file, "application/vnd.tcpdump.pcap", $"packets-{id}.pcap")
            : Outcome<Done>.Refused([Refuse.NotFound("sensing.refused.packets-gone")]);
    }
}
