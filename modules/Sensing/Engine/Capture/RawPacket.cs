namespace Appliance.Sensing.Engine.Capture;

/// <summary>One captured frame. The bytes stay valid until the next read from the same source.</summary>
internal struct RawPacket
{
    public byte[] Buffer;
    public int Offset;
    public int Length;
    public int WireLength;
    public int LinkType;
    /// <summary>Microseconds since 1970.</summary>
    public long Time;
}

internal interface IPacketSource : IDisposable
{
    /// <summary>False at the end of the capture.</summary>
    bool TryRead(ref RawPacket packet);

    long BytesRead { get; }
    /// <summary>Byte offset at which the capture broke off, or -1.</summary>
    long TruncatedAt { get; }
    string? TruncatedReason { get; }
}

internal sealed class CaptureException(string message) : Exception(message);
