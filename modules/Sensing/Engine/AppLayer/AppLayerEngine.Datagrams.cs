using Appliance.Sensing.Engine.AppLayer.Dns;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer;

/// <summary>UDP: each datagram is whole, and the first of a side tells what it speaks.</summary>
internal sealed partial class AppLayerEngine
{
    public void Datagram(Flow.Flow flow, Packet p)
    {
        AppState app = flow.App;
        bool toServer = p.ToServer;
        if ((toServer ? app.ToServer : app.ToClient) == AppProto.Unknown && !Recognise(flow, p, ref toServer)) return;
        if (app.Parser == null || p.PayloadLength == 0) return;
        _context.Flow = flow;
        long before = app.NextId;
        WantFrames(flow, p.ToServer);
        if (OverMemcap(flow) || app.Transactions.Count > MostTransactions) _counters.MemcapHits[(int)app.Protocol]++;
        else if (app.Parser.Parse(_context, p.ToServer, p.Payload, StreamMarks.None) < 0)
        {
            _counters.ErrorsUdp[(int)app.Protocol]++;
            Failure = DropReason.AppLayerError;
        }
        _counters.TransactionsUdp[(int)app.Protocol] += app.NextId - before;
    }

    /// <summary>The first datagram of a side decides for it. True when there is a parser to go on to.</summary>
    private bool Recognise(Flow.Flow flow, Packet p, ref bool toServer)
    {
        AppState app = flow.App;
        AppProto other = toServer ? app.ToClient : app.ToServer;
        AppProto found = _detector.Udp(p.Payload, flow.ServerPort);
        if (found == AppProto.Dns && toServer && other == AppProto.Unknown && DnsParser.IsAnswer(p.Payload))
        {
            // whoever answers is the server, though it was heard first
            flow.TurnRound(p);
            toServer = false;
        }
        Decide(app, toServer, found);
        if (found == AppProto.Failed)
        {
            if (app.Protocol != AppProto.Unknown) return app.Parser != null;
            app.Protocol = AppProto.Failed;
            _counters.FailedUdp++;
            return false;
        }
        if (app.Parser != null)
        {
            if (other != AppProto.Failed && other != found) p.AddEvent(DecodeEvent.ApplayerMismatchProtocolBothDirections);
            return true;
        }
        return !app.Failed && Begin(flow, found, false);
    }
}
