using System.Buffers.Binary;

namespace Appliance.Sensing.Engine.AppLayer.Tls;

/// <summary>What breaks the rules of TLS, among it heartbeats that ask for more than they brought (RFC 6520 section 4, CVE-2014-0160).</summary>
internal sealed partial class TlsParser
{
    private const int Padding = 16, MostTold = 16;
    private int _heartbeat;            // length of the encrypted request that waits for its answer
    private bool _heartbeatToServer;
    private int _told;

    /// <summary>The session's exchange is told of, or where that is over, one that only carries the event.</summary>
    private void Tell(string name, bool toServer)
    {
        if (!state.Transactions.Contains(_tx!))
        {
            if (_told >= MostTold) return;
            _told++;
            _tx = state.Add(new TlsTransaction { OnlyEvents = true, ProgressToServer = TlsTransaction.Done, ProgressToClient = TlsTransaction.Done });
        }
        _tx!.Raise(name, toServer);
    }

    private void Wrong(ReadOnlySpan<byte> header, bool toServer)
    {
        if (header[0] is < 20 or > 24) Tell("invalid_record_type", toServer);
        else if (header[1] != 3 || header[2] > 4) Tell("invalid_record_version", toServer);
        else Tell("invalid_record_length", toServer);
    }

    private void Heartbeat(bool toServer, ReadOnlySpan<byte> body)
    {
        if (body.Length < 3 || body[0] is not (1 or 2))
        {
            Tell("invalid_heartbeat_message", toServer);
            return;
        }
        int claimed = BinaryPrimitives.ReadUInt16BigEndian(body[1..]), there = body.Length - 3;
        if (claimed > there) Tell("overflow_heartbeat_message", toServer);
        else if (there - claimed < Padding) Tell("invalid_heartbeat_message", toServer);
    }

    /// <summary>Encrypted: an answer is no longer than its request.</summary>
    private void HiddenHeartbeat(bool toServer, int length)
    {
        if (_heartbeat == 0)
        {
            (_heartbeat, _heartbeatToServer) = (length, toServer);
            return;
        }
        if (toServer == _heartbeatToServer) return;
        if (length > _heartbeat) Tell("dataleak_heartbeat_mismatch", toServer);
        _heartbeat = 0;
    }
}
