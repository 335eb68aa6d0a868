using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.Output;

/// <summary>Which TCP packets get a stream_tcp record: every one, those with an event, those that move their conversation to another state.</summary>
internal sealed record StreamRecordOptions(bool All = false, bool EventSet = false, bool StateUpdate = false);

/// <summary>Records of the state of TCP conversations, packet by packet: a means to look into the engine.</summary>
internal sealed partial class EveRecords
{
    public void StreamState(Packet p, Flow.Flow flow)
    {
        if (options.StreamStates is not { } wanted || !options.Enabled || !p.IsTcp || flow.Tcp is not { } session) return;
        bool moved = session.Before != session.State && !p.Is(PacketMarks.BadChecksum);
        if (!(wanted.All || wanted.EventSet && p.EventCount > 0 || wanted.StateUpdate && moved)) return;
        Header(p, flow, "stream_tcp"u8, false, true);
        _w.Text("direction"u8, p.ToServer ? "to_server"u8 : "to_client"u8);
        _w.Open("stream_tcp"u8);
        _w.Open("packet"u8);
        PacketHead(p);
        _w.OpenArray("flags"u8);
        if (p.EventCount > 0) _w.Item("event_set"u8);
        if (moved) _w.Item("state_update"u8);
        _w.CloseArray();
        _w.Close();
        _w.Open("session"u8);
        _w.Text("state"u8, StateName(session.State));
        if (moved) _w.Text("pstate"u8, StateName(session.Before));
        _w.Open("flags"u8);
        _w.OpenArray("flags"u8);
        if (session.Midstream) _w.Item("midstream"u8);
        if (session.TimestampsOn) _w.Item("timestamp"u8);
        if (session.Reset_) _w.Item("closed_by_rst"u8);
        if (session.AppDisabled) _w.Item("app_layer_disabled"u8);
        if (session.FastOpen) _w.Item("tcp_fast_open"u8);
        _w.CloseArray();
        _w.Close();
        StreamSide("client"u8, session.Client);
        StreamSide("server"u8, session.Server);
        _w.Close();
        if (p.EventCount > 0)
        {
            _w.OpenArray("events"u8);
            for (int i = 0; i < p.EventCount; i++) _w.Item(DecodeEventNames.NameOf((DecodeEvent)p.Events[i]));
            _w.CloseArray();
        }
        _w.Close();
        Send(EveStream.Events);
    }

    private void StreamSide(ReadOnlySpan<byte> key, TcpStream side)
    {
        _w.Open(key);
        _w.Number("isn"u8, side.Isn);
        _w.Number("next_seq"u8, side.NextSequence);
        _w.Number("last_ack"u8, side.LastAck);
        _w.Number("next_win"u8, side.NextWindow);
        _w.Number("base_seq"u8, side.Base);
        _w.Number("segs_right_edge"u8, side.SegmentCount > 0 ? side.Segments[side.SegmentCount - 1].End : 0);
        _w.Number("window"u8, side.Window);
        _w.Number("wscale"u8, side.Scale);
        _w.OpenArray("flags"u8);
        if (side.GapSeen) _w.Item("has_gap"u8);
        if (side.RawTrigger) _w.Item("trigger_raw"u8);
        if (side.RawDone) _w.Item("disable_raw"u8);
        _w.CloseArray();
        _w.Close();
    }
}
