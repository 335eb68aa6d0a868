using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Appliance.Kernel.Data;
using Appliance.Kernel.Health.Acceptance;

namespace Appliance.Sensing.Sensors;

/// <summary>How many packets a second the packet engine takes in on this machine, by its own clock from the first to the last: its start does not count.</summary>
internal sealed partial class PacketRateCheck(DataFolder data) : IAcceptanceCheck
{
    private const int Packets = 170_000;
    private const int FrameBytes = 512;
    private const int Flows = 2_000;

    public async Task<IReadOnlyList<AcceptanceReading>> MeasureAsync(MachineSize size, CancellationToken cancel)
    {
        var place = Path.Combine(data.Temporary, $"packets-{Guid.NewGuid():N}");
        Directory.CreateDirectory(place);
        try
        {
            var said = await RunAsync(place, cancel);
            if (Took().Match(said) is not { Success: true } took || !said.Contains($" {Packets} packets", StringComparison.Ordinal))
                return [new("packets taken in", "not measured", $"{size.PacketsPerSecond} a second", false, $"The packet engine said: {said.ReplaceLineEndings(" ").Trim()}")];
            var rate = Packets / Math.Max(0.001, double.Parse(took.Groups[1].Value, CultureInfo.InvariantCulture));
            return [new("packets taken in", $"{rate:0} a second", $"{size.PacketsPerSecond} a second", rate >= size.PacketsPerSecond, "Use faster or more processors, or mirror less traffic to the capture port.")];
        }
        catch (Win32Exception absent)
        {
            return [new("packets taken in", $"not measured: {absent.Message}", $"{size.PacketsPerSecond} a second", false, "Install the program as it was shipped.")];
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }
    }

    private static async Task<string> RunAsync(string place, CancellationToken cancel)
    {
        var capture = Path.Combine(place, "made.pcap");
        Write(capture);
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["sensor", "-r", capture, "-l", place, "-k", "none"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
        await process.WaitForExitAsync(cancel);
        return string.Concat(said);
    }

    [GeneratedRegex(@"time elapsed ([0-9.]+)s", RegexOptions.NonBacktracking)]
    private static partial Regex Took();

    /// <summary>UDP over IPv4 over Ethernet in the classic capture format, between documentation addresses (RFC 5737).</summary>
    private static void Write(string file)
    {
        using var stream = new BufferedStream(File.Create(file), 1 << 20);
        Span<byte> head = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(head, 0xa1b2c3d4);
        BinaryPrimitives.WriteUInt16LittleEndian(head[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(head[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(head[16..], 65535);
        BinaryPrimitives.WriteUInt32LittleEndian(head[20..], 1);
        stream.Write(head);
        Span<byte> record = stackalloc byte[16 + FrameBytes];
        record.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], FrameBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(record[12..], FrameBytes);
        var frame = record[16..];
        BinaryPrimitives.WriteUInt16BigEndian(frame[12..], 0x0800);
        var ip = frame[14..];
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], FrameBytes - 14);
        (ip[8], ip[9]) = (64, 17);
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], 0xc0000201);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], 0xc6336401);
        var udp = ip[20..];
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], 40_000);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], FrameBytes - 34);
        for (var i = 0; i < Packets; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(1_700_000_000 + (i / 1000)));
            BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)(i % 1000 * 1000));
            BinaryPrimitives.WriteUInt16BigEndian(udp, (ushort)(1024 + (i % Flows)));
            stream.Write(record);
        }
    }
}
