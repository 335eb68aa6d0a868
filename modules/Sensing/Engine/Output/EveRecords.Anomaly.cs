using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Output;

/// <summary>Records of what was out of order: in a packet, in a stream, in a protocol.</summary>
internal sealed partial class EveRecords
{
    public bool WantsDecodeAnomalies => options.Enabled && (options.Anomaly.Decode || options.Anomaly.Stream || options.Anomaly.AppLayer);

    public void DecodeAnomalies(Packet p, Flow.Flow? flow)
    {
        for (int i = 0; i < p.EventCount; i++)
        {
            var e = (DecodeEvent)p.Events[i];
            if (DecodeEventNames.IsDetection(e))
            {
                if (options.Anomaly.AppLayer && flow != null) Detection(p, flow, e);
                continue;
            }
            bool stream = DecodeEventNames.IsStream(e);
            if (!(stream ? options.Anomaly.Stream : options.Anomaly.Decode)) continue;
            Header(p, flow, "anomaly"u8, false, true);
            _w.Open("anomaly"u8);
            _w.Text("type"u8, stream ? "stream"u8 : "decode"u8);
            _w.Text("event"u8, stream ? DecodeEventNames.NameOf(e) : "decoder." + DecodeEventNames.NameOf(e));
            _w.Close();
            Send(EveStream.Events);
        }
    }

    private void Detection(Packet p, Flow.Flow flow, DecodeEvent e)
    {
        Header(p, flow, "anomaly"u8, false, true);
        _w.Open("anomaly"u8);
        if (flow.App.Protocol is not (AppProto.Unknown or AppProto.Failed)) _w.Text("app_proto"u8, AppProtoNames.Name(flow.App.Protocol));
        _w.Text("type"u8, "applayer"u8);
        _w.Text("event"u8, DecodeEventNames.NameOf(e).ToUpperInvariant());
        _w.Text("layer"u8, "proto_detect"u8);
        _w.Close();
        Send(EveStream.Events);
    }

    public void Anomaly(Packet p, Flow.Flow flow, Transaction? tx, in AppEvent e)
    {
        if (!options.Anomaly.AppLayer || !options.Enabled) return;
        // at a flow's end both sides are read out at once: the event tells whose bytes it is about
        Header(p, flow, "anomaly"u8, p.Source == PacketSource.StreamEnd, e.ToServer);
        if (tx != null) _w.Number("tx_id"u8, tx.Id);
        _w.Open("anomaly"u8);
        AppProto protocol = flow.App.Protocol is AppProto.Unknown or AppProto.Failed && flow.App.Original != AppProto.Unknown ? flow.App.Original : flow.App.Protocol;
        _w.Text("app_proto"u8, AppProtoNames.Name(protocol));
        _w.Text("type"u8, "applayer"u8);
        // the spelling in records is that of the protocol's own table
        bool capitals = tx == null || protocol is AppProto.Http1 or AppProto.Smtp or AppProto.Tls;
        _w.Text("event"u8, capitals ? e.Name.ToUpperInvariant() : e.Name);
        _w.Text("layer"u8, tx == null ? "proto_detect"u8 : "proto_parser"u8);
        _w.Close();
        Send(EveStream.Events);
    }
}
