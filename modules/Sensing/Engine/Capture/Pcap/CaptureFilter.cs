using Appliance.Sensing.Engine.Runtime;

namespace Appliance.Sensing.Engine.Capture.Pcap;

/// <summary>The capture filter of the command line.</summary>
internal static class CaptureFilter
{
    /// <summary>Its words, from the arguments or from the file that -F names; null when there is none. Throws <see cref="IOException"/>.</summary>
    public static string? TextOf(SensorArguments args)
    {
        string? text = args.FilterFile != null ? string.Join(' ', File.ReadLines(args.FilterFile).Select(l => l.Split('#')[0].Trim()).Where(l => l.Length > 0)) : args.Filter;
        return string.IsNullOrWhiteSpace(text) ? null : text;
    }
}

/// <summary>An interface of which only what a filter takes is handed on.</summary>
internal sealed class FilteredSource(ILiveSource inner, PacketFilter filter) : ILiveSource
{
    private const int MostAtOnce = 4096;

    public string Method => inner.Method;
    public long KernelPackets => inner.KernelPackets;
    public long KernelDrops => inner.KernelDrops;

    public bool Poll(ref RawPacket packet, int milliseconds)
    {
        // bounded, so that a stop is heard under any load
        for (int i = 0; i < MostAtOnce; i++)
        {
            if (!inner.Poll(ref packet, milliseconds)) return false;
            if (filter.Takes(packet)) return true;
        }
        return false;
    }

    public void Dispose()
    {
        inner.Dispose();
        filter.Dispose();
    }
}
