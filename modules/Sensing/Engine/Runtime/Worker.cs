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

/// <summary>What became of packets: filled when the engine acts as if in-line, and for bypassed flows.</summary>
internal sealed class IpsCounters
{
    public long Accepted, Blocked, Rejected, BypassedPackets, BypassedBytes, BypassedFlows;
    public readonly long[] Reasons = new long[(int)DropReason.TunnelPacketDrop + 1];
}

internal sealed class WorkerCounters
{
    public readonly DecodeCounters Decode = new();
    public readonly FlowCounters Flow = new();
    public readonly StreamCounters Stream = new();
    public readonly AppLayerCounters App = new();
    public readonly DetectCounters Detect = new();
    public readonly EveCounters Eve = new();
    public readonly IpsCounters Ips = new();
    public long FirstTime, LastTime;

    /// <summary>Packets and ends of flows that the engine itself failed at; each costs its flow, never the engine.</summary>
    public long Faults;

    /// <summary>Looks at what is left of a flow when it ends, each a packet that nobody sent.</summary>
    public long Pseudo;
    public long HighestPressure;
}

/// <summary>One thread's engine: everything a packet meets, in order. Nothing in it is shared but the rules, what they remember of hosts, and the sink.</summary>
internal sealed partial class Worker : IFlowObserver, IAlertReceiver, IProtocolWatcher, ICaptureEngine
{
    private const int MostStretches = 64;
    private readonly Decoder _decoder;
    private YoungHeap _young;
    private readonly FlowTable _flows;
    private readonly TcpEngine _tcp;
    private readonly ChecksumTrial _trial;
    private readonly Reassembly _reassembly;
    private readonly AppLayerEngine _app;
    private readonly Detector? _detector;
    private readonly EveRecords _records;
    private readonly Packet _packet = new();
    private readonly Packet _end = new();
    private EngineSettings _settings;
    private readonly ITurns? _turns;
    private long _number;
    private long _clock;

    /// <param name="settings">What it is built from.</param>
    /// <param name="rules">None: nothing is looked for.</param>
    /// <param name="sink">Where its records go.</param>
    /// <param name="memory">What rules remember of hosts, where several workers share it.</param>
    /// <param name="turns">Its place in the order of the capture, where that is kept between workers.</param>
    public Worker(EngineSettings settings, RuleSet? rules, IEveSink sink, HostMemory? memory = null, ITurns? turns = null)
    {
        memory ??= new HostMemory();
        _turns = turns;
        _settings = settings;
        Counters = new WorkerCounters();
        _decoder = new Decoder(settings.Decode, Counters.Decode);
        _flows = new FlowTable(settings.Flow, Counters.Flow, this);
        _app = new AppLayerEngine(Asked(settings, rules), Counters.App, memory.Announced) { Watcher = this };
        _app.Join(memory.Ranges, turns);
        StreamOptions stream = rules == null ? settings.Stream with { Raw = false } : settings.Stream;
        var reassembly = new Reassembly(stream, Counters.Stream, _app);
        _app.Attach(reassembly);
        _trial = new ChecksumTrial(stream);
        _tcp = new TcpEngine(stream, Counters.Stream, reassembly);
        _records = new EveRecords(settings.Eve, sink, Counters.Eve);
        if (rules != null)
        {
            _detector = new Detector(rules, reassembly, this, Counters.Detect, settings.Suppressions, memory, turns) { Simulate = settings.SimulateIps, Limits = settings.App, MaxAlerts = settings.MaxAlertsPerPacket, MeasuresCosts = settings.MeasuresCosts };
            _records.Use(rules);
        }
        _reassembly = reassembly;
        _records.Attach(reassembly);
        WishFrames(rules);
    }

    /// <summary>What the rules in force have cost; null where they are not timed.</summary>
    public RuleCosts? Costs => _detector?.Costs;

    private void WishFrames(RuleSet? rules) => _app.FrameWishes = _records.WantsFrames ? FrameTable.Everything() : rules?.FrameWishes;

    /// <summary>Fingerprints and digests cost time: they are worked out when a rule or the configuration asks for them.</summary>
    private static AppLayerOptions Asked(EngineSettings settings, RuleSet? rules) => settings.App with
    {
        Ja3 = settings.App.Ja3 || rules is { WantsJa3: true },
        Ja4 = settings.App.Ja4 || rules is { WantsJa4: true },
        Hassh = settings.App.Hassh || rules is { WantsHassh: true },
        Files = Wishes(settings, rules),
    };

    /// <summary>What is worked out for files: what the configuration asks for and what the rules ask for. Kept files go by their SHA-256.</summary>
    private static FileWishes Wishes(EngineSettings settings, RuleSet? rules)
    {
        FileWishes asked = settings.App.Files, ruled = rules?.Files ?? new FileWishes();
        FileStoreOptions? store = asked.Store is { } place && (place.Force || rules is { StoresFiles: true }) ? place : null;
        return asked with { Md5 = asked.Md5 || ruled.Md5, Sha1 = asked.Sha1 || ruled.Sha1, Sha256 = asked.Sha256 || ruled.Sha256 || asked.Store != null, Magic = asked.Magic || ruled.Magic, Store = store, Looked = rules != null };
    }

    public WorkerCounters Counters { get; }

    public IReadOnlyList<WorkerCounters> AllCounters => [Counters];

    /// <summary>Takes new rules, and new settings where they change while running, between two packets.</summary>
    public void Use(RuleSet rules, EngineSettings? settings = null)
    {
        if (settings != null) Use(settings);
        _app.Options = Asked(_settings, rules);
        _detector?.Use(rules, _settings.Suppressions);
        _records.Use(rules);
        WishFrames(rules);
    }

    public void Process(in RawPacket raw)
    {
        _number++;
        _clock = raw.Time;
        if (_number == 1) Counters.FirstTime = raw.Time;
        _young.Step();
        Counters.LastTime = raw.Time;
        _flows.Advance(_clock);
        try
        {
            Take(raw);
        }
        catch (Exception e)
        {
            // a fault of ours, found by bytes that nobody thought of: it costs the conversation, not the sensor
            GiveUp(e);
        }
    }

    private void Take(in RawPacket raw)
    {
        _decoder.Decode(raw, _packet, _number);
        _trial.Judge(_packet, _decoder.Inner);
        if (TellsFlows) NoteFlows();
        foreach (Packet inner in _decoder.Inner)
        {
            One(inner);
            // what is dropped inside takes its carrier with it
            if ((inner.Action & PacketAction.Drop) != 0 && inner.Outer != null) inner.Outer.Drop(DropReason.TunnelPacketDrop);
        }
        One(_packet);
        if (_decoder.Inner.Count > 0) _decoder.Recycle();
    }

    /// <summary>A packet that somebody else has decoded; <paramref name="clock"/> is how far the capture has come.</summary>
    public void Take(Packet p, long clock)
    {
        _young.Step();
        _clock = clock;
        try
        {
            One(p);
        }
        catch (Exception e)
        {
            Note(e);
            Abandon(p.Flow);
        }
    }

    /// <summary>The capture has come thus far; quiet flows end.</summary>
    public void Sweep(long clock, bool look = true)
    {
        _clock = clock;
        if (look) _flows.Sweep(clock);
    }

    private void One(Packet p)
    {
        Flow.Flow? flow = _flows.Take(p);
        if (flow == null)
        {
            if (_flows.Refused) ExceptionPolicies.Apply(_settings.Flow.MemcapPolicy, p, null, DropReason.FlowMemcap, _settings.SimulateIps);
            if (p.Is(PacketMarks.DefragMemcap)) ExceptionPolicies.Apply(_settings.Decode.MemcapPolicy, p, null, DropReason.DefragMemcap, _settings.SimulateIps);
            if (_records.WantsDecodeAnomalies && p.EventCount > 0) _records.DecodeAnomalies(p, null);
            if (p.IpVersion != 0 || p.EventCount > 0) _detector?.Inspect(p, null);
            Settled(p, null);
            return;
        }
        if (_settings.Eve.Ethernet && p.EthernetOffset >= 0) (flow.Macs ??= new MacSet()).Note(p.Data.AsSpan(p.EthernetOffset + 6, 6), p.Data.AsSpan(p.EthernetOffset, 6), p.ToServer);
        if (flow.Bypassed)
        {
            Counters.Ips.BypassedPackets++;
            Counters.Ips.BypassedBytes += p.Length;
            Settled(p, flow);
            return;
        }
        _app.Now = p.Time;
        _app.Current = p;
        if (flow.Dropped && _settings.SimulateIps)
        {
            p.Drop(DropReason.FlowDrop);
            Settled(p, flow);
            return;
        }
        _ = _app.TakeFailure(); // what the end of another flow has left
        if (p.IsTcp) _tcp.Handle(flow, p);
        else if (p.Protocol == 17 && p.HasPorts) _app.Datagram(flow, p);
        if (_app.Failure != DropReason.None) ExceptionPolicies.Apply(_settings.App.ErrorPolicy, p, flow, _app.TakeFailure(), _settings.SimulateIps);
        _records.StreamState(p, flow);
        if (_records.WantsDecodeAnomalies && p.EventCount > 0) _records.DecodeAnomalies(p, flow);
        // a packet with a bad checksum is no part of its stream, but rules see it all the same
        if (flow.NoPayloadInspection) p.Marks |= PacketMarks.NoPayloadInspection;
        if (!p.Is(PacketMarks.NoInspection)) _detector?.Inspect(p, flow);
        if (flow.App.Frames is { Any: true } frames) SettleFrames(p, flow, frames.Of(p.ToServer));
        if (flow.App.Transactions.Count > 0) Settle(p, flow, false);
        _records.Metadata(p, flow);
        if (flow.Bypassed) flow.State = FlowState.Bypassed;
        Settled(p, flow);
    }

    /// <summary>The packet's fate is known: it is counted, and a drop is written down.</summary>
    private void Settled(Packet p, Flow.Flow? flow)
    {
        if (!_settings.SimulateIps || p.Source == PacketSource.StreamEnd) return;
        bool root = p.Source == PacketSource.Wire;
        if ((p.Action & PacketAction.Drop) != 0)
        {
            if (root)
            {
                if ((p.Action & PacketAction.AnyReject) != 0) Counters.Ips.Rejected++;
                else Counters.Ips.Blocked++;
            }
            Counters.Ips.Reasons[(int)p.DropReason]++;
            _records.Drop(p, flow);
        }
        else if (root) Counters.Ips.Accepted++;
    }

    /// <summary>Writes down the frames of the packet's direction, forgets those that are over, and lets go of bytes that none needs.</summary>
    private void SettleFrames(Packet p, Flow.Flow flow, FrameList frames)
    {
        var view = new FrameView(p, flow, _reassembly);
        TcpStream? stream = flow.Tcp is not { } session ? null : p.ToServer ? session.Client : session.Server;
        if (stream != null) stream.FramesHeld = false;
        Span<AppFrame> items = frames.Items;
        int kept = 0;
        for (int i = 0; i < items.Length; i++)
        {
            ref AppFrame frame = ref items[i];
            if (_records.WantsFrames && !frame.Logged && view.IsReadyToLog(frame))
            {
                frame.Logged = true;
                if (!flow.Silenced) _records.Frame(p, flow, frame);
            }
            if (view.IsReady(frame)) frame.Inspected = view.Seen(frame);
            if (view.IsComplete(frame)) continue;
            stream?.HoldForFrame(frame.Start + Math.Max(0, frame.Inspected - FrameView.Window));
            items[kept++] = frame;
        }
        frames.Truncate(kept);
        stream?.Release();
    }

    /// <summary>Writes what is complete and forgets what has been written and inspected.</summary>
    private void Settle(Packet p, Flow.Flow flow, bool ending)
    {
        List<Transaction> all = flow.App.Transactions;
        int kept = 0;
        // once both sides have closed in good order nothing will be added, complete or not
        bool over = ending || flow.Tcp is { State: TcpState.Closed, Reset_: false };
        for (int i = 0; i < all.Count; i++)
        {
            Transaction tx = all[i];
            bool complete = tx.IsComplete(true) && tx.IsComplete(false);
            for (; tx.EventsLogged < tx.Events.Count; tx.EventsLogged++) _records.Anomaly(p, flow, tx, tx.Events[tx.EventsLogged]);
            if ((complete || over || tx.RecordReady) && !tx.Logged)
            {
                tx.Logged = true;
                if (!flow.Silenced) _records.Transaction(p, flow, tx);
            }
            for (int f = tx.FilesLogged; f < tx.Files.Count; f++)
            {
                if (tx.Files[f].State == FileState.Open)
                {
                    if (!ending) break;
                    tx.Files[f].Close(false);
                }
                AppFile file = tx.Files[f];
                // rules have looked at a file only once a packet has gone its way
                if (!ending && file.ToServer != p.ToServer) break;
                if (file.ToServer ? flow.StoreFilesToServer || tx.StoreFilesToServer : flow.StoreFilesToClient || tx.StoreFilesToClient) file.Store = true;
                file.Settle();
                if (!flow.Silenced) _records.File(p, flow, tx, file);
                tx.FilesLogged = f + 1;
            }
            bool inspected = _detector == null || ending || (tx.InspectedToServer.Done || !tx.Uses(true)) && (tx.InspectedToClient.Done || !tx.Uses(false)) || flow.Passed;
            if (tx.Logged && inspected && tx.FilesLogged >= tx.Files.Count) tx.Reset();
            else all[kept++] = tx;
        }
        if (kept < all.Count) all.RemoveRange(kept, all.Count - kept);
    }

    public void At(int bucket) => _turns?.Step(bucket);

    /// <summary>The capture that the next packets come from.</summary>
    public string? CaptureFile { set => _records.CaptureFile = value; }

    public void Raised(Packet p, Flow.Flow? flow, ReadOnlySpan<Alert> alerts)
    {
        foreach (ref readonly Alert alert in alerts) _records.Alert(p, flow, alert);
    }

    public void Tagged(Packet p, Flow.Flow? flow) => _records.Tagged(p, flow);

    /// <summary>No packet came: the clock goes on all the same, so that quiet flows end.</summary>
    public void Idle(long now)
    {
        if (now > _clock && _number > 0) _clock = now;
        _flows.Advance(_clock);
    }

    public void Finish() => _flows.EndAll(FlowEnd.Shutdown);

    public void Dispose() => _detector?.Dispose();
}
