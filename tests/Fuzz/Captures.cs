using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Capture.Pcap;

namespace Appliance.Fuzz;

/// <summary>The captures of the kit and what can be read of one.</summary>
internal static class Captures
{
    public const long LargestSeed = 2 << 20;

    public static string? Kit => Environment.GetEnvironmentVariable("APPLIANCE_CONFORMANCE") is { Length: > 0 } folder ? Path.Combine(folder, "sensing") : null;

    public static List<string> Of(string kit) =>
        new DirectoryInfo(kit).EnumerateFiles("*", SearchOption.AllDirectories).Where(f => f.Extension is ".pcap" or ".pcapng" or ".cap" && f.Length > 24).Select(f => f.FullName).Order(StringComparer.Ordinal).ToList();

    /// <summary>The packets of a capture, as far as it can be read; none when it is none.</summary>
    public static IEnumerable<RawPacket> Read(byte[] capture)
    {
        PcapReader? reader = null;
        try
        {
            reader = new PcapReader(new MemoryStream(capture));
        }
        catch (CaptureException)
        {
            // bytes that are no capture are refused by name: nothing to run
            yield break;
        }
        using (reader)
        {
            RawPacket raw = default;
            while (reader.TryRead(ref raw)) yield return raw;
        }
    }

    /// <summary>The packet with bytes of its own: a reader uses its buffer again.</summary>
    public static RawPacket Own(RawPacket raw) => raw with { Buffer = raw.Buffer.AsSpan(raw.Offset, raw.Length).ToArray(), Offset = 0 };
}
