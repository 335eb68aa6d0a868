using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Detect.Thresholds;

namespace Appliance.Sensing.Engine.Detect;

/// <summary>What is remembered beyond one conversation: counts, bits and tags of hosts and pairs of hosts, and connections announced by others. The workers of a capture share one.</summary>
internal sealed class HostMemory
{
    public readonly ThresholdTable Thresholds = new();
    public readonly HostBits Bits = new();
    public readonly TaggedHosts Tagged = new();
    public readonly Announcements Announced = new();
    public readonly AppLayer.Files.RangeStore Ranges = new();
}

/// <summary>A worker's place in the order of the capture.</summary>
internal interface ITurns
{
    /// <summary>Waits until all packets before the one at hand are done, whoever works on them.</summary>
    void Await();

    /// <summary>As <see cref="Await()"/>, for what packets of that address alone can change: workers that have never seen one are not waited for.</summary>
    void Await(Decode.IpAddress host);

    /// <summary>Has the capture's clock never gone back by more than a second, up to the packet at hand? Only then is what ends with time the same in whatever order it is looked at.</summary>
    bool Steady { get; }

    /// <summary>The turn at hand is one of several steps, and has come to this one; they are kept in order likewise.</summary>
    void Step(int number);
}
