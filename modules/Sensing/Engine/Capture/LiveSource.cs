namespace Appliance.Sensing.Engine.Capture;

/// <summary>An interface being captured. <see cref="Poll"/> waits at most the given time.</summary>
internal interface ILiveSource : IDisposable
{
    string Method { get; }
    long KernelPackets { get; }
    long KernelDrops { get; }

    /// <summary>True and a packet, or false when none came in time.</summary>
    bool Poll(ref RawPacket packet, int milliseconds);
}

internal static class LiveSources
{
    /// <summary>The ring of AF_PACKET where the kernel grants it, libpcap otherwise.</summary>
    public static ILiveSource Open(string name, int fanoutGroup, bool shared, bool promiscuous)
    {
        try
        {
            return new AfPacket.AfPacketRing(name, fanoutGroup, shared, promiscuous);
        }
        catch (CaptureException ring)
        {
            try
            {
                return new Pcap.LivePcap(name, promiscuous);
            }
            catch (CaptureException pcap)
            {
                throw new CaptureException($"{ring.Message}; {pcap.Message}");
            }
        }
    }
}
