using System.Globalization;

namespace Appliance.Sensing.Engine.Runtime;

internal static class Capabilities
{
    private const int NetRaw = 13;

    /// <summary>Does this process hold CAP_NET_RAW in its effective set?</summary>
    public static bool HasNetRaw { get; } = Read();

    private static bool Read()
    {
        const string status = "/proc/self/status";
        if (!File.Exists(status)) return false;
        foreach (string line in File.ReadLines(status))
            if (line.StartsWith("CapEff:", StringComparison.Ordinal))
                return ulong.TryParse(line[7..].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits) && (bits >> NetRaw & 1) != 0;
        return false;
    }
}
