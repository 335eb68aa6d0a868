using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Capture.Ring;

/// <summary>Whose packets are asked for: both ends of a conversation, or its Community ID, in a span of time (microseconds since 1970, both included).</summary>
internal sealed record PacketQuery
{
    public required long From { get; init; }
    public required long To { get; init; }
    public string? CommunityId { get; init; }
    public IpAddress Source { get; init; }
    public IpAddress Destination { get; init; }
    public int SourcePort { get; init; } = -1;
    public int DestinationPort { get; init; } = -1;

    /// <summary>-1: any.</summary>
    public int Protocol { get; init; } = -1;
}
