using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Files;
using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Detect.Thresholds;
using Appliance.Sensing.Engine.Flow;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>What happens to a conversation that ends, changes its protocol or begins to hide what it says.</summary>
internal sealed partial class Worker
{
    public void Ended(Flow.Flow flow, FlowEnd why)
    {
        try
        {
            End(flow, why);
        }
        catch (Exception e)
        {
            // the flow is taken out of the table whatever happens, or the same fault would come back for ever
            Note(e);
            flow.App.Transactions.Clear();
            _tcp.Free(flow);
        }
    }

    private void End(Flow.Flow flow, FlowEnd why)
    {
        bool skip = flow.Bypassed || flow.Dropped && _settings.SimulateIps;
        if (flow.Tcp != null && !skip)
        {
            PrepareEnd(flow, true);
            _app.Current = _tcp.Reassembly.Current = _end;
            foreach (Transaction tx in flow.App.Transactions) tx.EventsBeforeEnd = tx.Events.Count;
            _tcp.Finish(flow);
            foreach (Transaction tx in flow.App.Transactions) tx.EventsBeforeEnd = Math.Max(0, tx.EventsBeforeEnd);
            if (_records.WantsDecodeAnomalies && _end.EventCount > 0) _records.DecodeAnomalies(_end, flow);
        }
        bool open = flow.App.Transactions.Count > 0;
        if (!skip && (open || flow.Tcp is { } s && (s.Client.Bytes.Length > 0 || s.Server.Bytes.Length > 0)))
        {
            foreach (Transaction tx in flow.App.Transactions)
            {
                // nothing more will come
                foreach (AppFile file in tx.Files) file.Close(false);
                tx.ProgressToServer = tx.ProgressToClient = Math.Max(tx.Complete, 0);
            }
            for (int d = 0; d < 2; d++)
            {
                // one look per stretch between holes
                for (int round = 0; round < MostStretches; round++)
                {
                    PrepareEnd(flow, d == 0);
                    Counters.Pseudo++;
                    _detector?.Inspect(_end, flow);
                    if (flow.App.Frames is { Any: true } frames) SettleFrames(_end, flow, frames.Of(d == 0));
                    if (flow.Tcp == null || !Reassembly.HasMoreRaw(d == 0 ? flow.Tcp.Client : flow.Tcp.Server)) break;
                }
            }
            if (open)
            {
                PrepareEnd(flow, true);
                Settle(_end, flow, true);
            }
        }
        if (flow.Bypassed) Counters.Ips.BypassedFlows++;
        if (!flow.Silenced) _records.FlowEnded(flow, why, _clock);
        _tcp.Free(flow);
    }

    /// <summary>What has been said in the old protocol is inspected and written before the flow speaks another.</summary>
    public void Changing(Flow.Flow flow)
    {
        if (flow.App.Transactions.Count == 0) return;
        for (int d = 0; d < 2; d++)
        {
            PrepareEnd(flow, d == 0);
            _end.Source = PacketSource.StreamChange;
            _detector?.Inspect(_end, flow);
            // an upgrade of HTTP is answered in the new version, any other change ends what was under way
            Settle(_end, flow, d == 1 && flow.App.Protocol != AppProto.Http1);
        }
    }

    /// <summary>The raw streams are inspected as far as they are acknowledged; exchanges wait for a packet as ever.</summary>
    public void Encrypting(Flow.Flow flow)
    {
        if (_detector == null || flow.Tcp is not { } session) return;
        for (int d = 0; d < 2; d++)
        {
            TcpStream stream = d == 0 ? session.Client : session.Server;
            if (stream.RawDone) continue;
            stream.RawTrigger = true;
            PrepareEnd(flow, d == 0);
            _end.Source = PacketSource.StreamChange;
            _detector.Inspect(_end, flow, true);
        }
    }

    private void PrepareEnd(Flow.Flow flow, bool toServer)
    {
        _end.Reset();
        _end.Source = PacketSource.StreamEnd;
        _end.Time = flow.LastTime;
        _end.Length = 0;
        _end.Number = 0;
        _end.IpVersion = flow.IpVersion;
        _end.Protocol = flow.Protocol;
        _end.Source_ = toServer ? flow.Client : flow.Server;
        _end.Destination = toServer ? flow.Server : flow.Client;
        _end.HasPorts = flow.Protocol is 6 or 17 or 132;
        _end.SourcePort = toServer ? flow.ClientPort : flow.ServerPort;
        _end.DestinationPort = toServer ? flow.ServerPort : flow.ClientPort;
        _end.Vlan0 = flow.Vlan0;
        _end.Vlan1 = flow.Vlan1;
        _end.VlanCount = flow.VlanCount;
        _end.Marks = PacketMarks.NoPayloadInspection | (IsEstablished(flow) ? PacketMarks.Established : 0);
        _end.TcpFlags = 0x10;
        _end.Flow = flow;
        _end.ToServer = toServer;
        _app.Now = flow.LastTime;
    }

    /// <summary>TCP goes by its states, so that one side alone will do; anything else by packets of both sides.</summary>
    private static bool IsEstablished(Flow.Flow flow) =>
        flow.Tcp is { } session ? session.State >= TcpState.Established : flow.PacketsToClient > 0 && flow.PacketsToServer > 0;
}
