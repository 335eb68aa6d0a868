using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Rdp;

internal enum RdpStep : byte { InitialRequest, InitialResponse, ConnectRequest, ConnectResponse, TlsHandshake }

/// <summary>One message of the beginning of a session.</summary>
internal sealed class RdpTransaction(RdpStep step) : Transaction
{
    private static readonly string[] Reasons = ["", "ssl required by server", "ssl not allowed by server", "ssl cert not on server", "inconsistent flags", "hybrid required by server",
        "ssl with user auth required by server"];

    public byte[]? Cookie;

    /// <summary>Of the negotiation request or response; -1 without one.</summary>
    public int Flags = -1;
    public int Protocol = -1, Failure;
    public RdpClient? Client;
    public List<string>? Serials;

    public RdpStep Step { get; } = step;
    public override int Complete => 1;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return false;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        if (inAlert) return false;
        to.Open("rdp"u8);
        to.Number("tx_id"u8, Id + 1);
        switch (Step)
        {
            case RdpStep.InitialRequest:
                to.Text("event_type"u8, "initial_request"u8);
                if (Cookie != null) to.Text("cookie"u8, Cookie);
                if (Flags > 0) Names(to, "flags"u8, ["restricted_admin_mode_required", "redirected_authentication_mode_required", "", "correlation_info_present"]);
                break;
            case RdpStep.InitialResponse:
                to.Text("event_type"u8, "initial_response"u8);
                if (Failure is > 0 and < 7)
                {
                    to.Number("error_code"u8, Failure);
                    to.Text("reason"u8, Reasons[Failure]);
                }
                if (Flags > 0) Names(to, "server_supports"u8, ["extended_client_data", "dynvc_gfx", "", "restricted_admin", "redirected_authentication"]);
                string? protocol = Protocol switch { 0 => "rdp", 1 => "ssl", 2 => "hybrid", 4 => "rds_tls", 8 => "hybrid_ex", _ => null };
                if (protocol != null) to.Text("protocol"u8, protocol);
                break;
            case RdpStep.ConnectRequest:
                to.Text("event_type"u8, "connect_request"u8);
                Client?.Write(to);
                break;
            case RdpStep.ConnectResponse:
                to.Text("event_type"u8, "connect_response"u8);
                break;
            default:
                to.Text("event_type"u8, "tls_handshake"u8);
                to.OpenArray("x509_serials"u8);
                foreach (string serial in Serials ?? []) to.Item(serial);
                to.CloseArray();
                break;
        }
        to.Close();
        return true;
    }

    private void Names(EveWriter to, ReadOnlySpan<byte> key, ReadOnlySpan<string> names)
    {
        to.OpenArray(key);
        for (int i = 0; i < names.Length; i++)
            if ((Flags >> i & 1) != 0 && names[i].Length > 0) to.Item(names[i]);
        to.CloseArray();
    }
}
