using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Ntp;

/// <summary>One question for the time; it has no record of its own.</summary>
internal sealed class NtpTransaction : Transaction
{
    public override int Complete => 1;
    public override bool HasRecord => false;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return false;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert) => false;
}

/// <summary>Network Time Protocol, versions 3 and 4 (RFC 5905 section 7.3).</summary>
internal sealed class NtpParser(AppState state) : AppParser
{
    private const int HeaderSize = 48;

    public override AppProto Protocol => AppProto.Ntp;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        if (!Probe(bytes))
        {
            state.Add(new NtpTransaction { ProgressToServer = 1, ProgressToClient = 1 }).Raise("malformed_data", toServer);
            return bytes.Length;
        }
        // symmetric active and client begin an exchange
        if ((bytes[0] & 7) is 1 or 3) state.Add(new NtpTransaction { ProgressToServer = 1, ProgressToClient = 1 });
        return bytes.Length;
    }

    /// <summary>Time messages only: control (6) and private (7) ones have another shape.</summary>
    public static bool Probe(ReadOnlySpan<byte> bytes) => bytes.Length >= HeaderSize && (bytes[0] >> 3 & 7) is 3 or 4 && (bytes[0] & 7) is >= 1 and <= 5;
}
