using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.AppLayer.Http2;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer;

/// <summary>Between the streams and the parsers: finds the protocol of a flow, feeds its parser, keeps its transactions.</summary>
internal sealed partial class AppLayerEngine : IStreamReader, IExpectations
{
    private const int MostUnknown = 100_000;
    private readonly ProtocolDetector _detector;
    private readonly ParseContext _context;
    private readonly AppLayerCounters _counters;
    private Reassembly? _reassembly;

    public AppLayerEngine(AppLayerOptions options, AppLayerCounters counters, Announcements? announced = null)
    {
        _announced = announced ?? new Announcements();
        _detector = new ProtocolDetector(options);
        _context = new ParseContext(options) { Expectations = this };
        _counters = counters;
    }

    /// <summary>What files in ranges are put together in, and the order in which that happens.</summary>
    public void Join(Files.RangeStore ranges, Detect.ITurns? turns)
    {
        _context.Ranges = ranges;
        _context.Turns = turns;
    }

    /// <summary>May be replaced between two packets; parsers under way see the new ones from then on.</summary>
    public AppLayerOptions Options
    {
        get => _context.Options;
        set => _context.Options = value;
    }

    /// <summary>The frames that rules or records ask for, by protocol, one bit a type; null: none.</summary>
    public ulong[]? FrameWishes { get; set; }

    private readonly Announcements _announced;

    public void Expect(IpAddress server, ushort port, AppProto protocol, object what, long time) => _announced.Add(server, port, protocol, what, time);

    /// <summary>Was this new connection announced by a control channel? Then its protocol is known before its first byte.</summary>
    private void LookForAnnouncement(Flow.Flow flow)
    {
        if (flow.App.Expected != AppProto.Unknown || !_announced.TryTake(flow.Server, flow.ServerPort, _context.Time, out AppProto protocol, out object? what)) return;
        flow.App.Expected = protocol;
        flow.App.Expectation = what;
    }

    private bool Upgrades(AppState app) => app.OldParser is { HandsOverTo: AppProto.Http2 } && Options.Enabled("http2");

    /// <summary>Who wants to know that a flow is about to speak something else.</summary>
    public IProtocolWatcher? Watcher { get; set; }

    /// <summary>Transactions of one conversation that nobody has finished.</summary>
    private const int MostTransactions = 8192;

    /// <summary>Why a parser gave a conversation up since this was last asked; None when none did.</summary>
    public DropReason Failure { get; private set; }

    public DropReason TakeFailure()
    {
        DropReason failure = Failure;
        Failure = DropReason.None;
        return failure;
    }

    /// <summary>Do all conversations of the process hold more than this protocol may see before it gives up?</summary>
    private bool OverMemcap(Flow.Flow flow)
    {
        AppLayerOptions o = Options;
        long cap = flow.App.Protocol switch { AppProto.Http1 => o.HttpMemcap, AppProto.Ftp or AppProto.FtpData => o.FtpMemcap, _ => 0 };
        return Memory.SlidingBuffer.HeldByAll > (cap > 0 ? Math.Min(cap + ReassemblyMemory, o.Memcap) : o.Memcap);
    }

    private long ReassemblyMemory => _reassembly?.MemoryUse ?? 0;

    public void Attach(Reassembly reassembly) => _reassembly = reassembly;

    public long Now { set => _context.Time = value; }

    /// <summary>The packet that brings what is offered: what goes wrong while the protocol is looked for is told of it.</summary>
    public Packet? Current { get; set; }

    public int Offer(Flow.Flow flow, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks, int gap)
    {
        AppState app = flow.App;
        if (app.Failed) return -1;
        bool decided = (toServer ? app.ToServer : app.ToClient) != AppProto.Unknown;
        if (!decided && (marks & StreamMarks.Gap) != 0)
        {
            // the beginning is lost on this side; what the other speaks counts for both
            if (app.Parser == null)
            {
                if (toServer) app.ProbedToServer = true;
                else app.ProbedToClient = true;
                app.Failed = app.ProbedToServer && app.ProbedToClient;
                return -1;
            }
            Decide(app, toServer, toServer ? app.ToClient : app.ToServer);
        }
        else if (!decided)
        {
            if (bytes.IsEmpty) return 0;
            if (!app.AnyData)
            {
                app.AnyData = true;
                app.ClientFirst = toServer;
            }
            int waits = Recognise(flow, toServer, bytes, marks);
            if (waits <= 0) return waits;
        }
        if (!bytes.IsEmpty || gap > 0) app.Spoke = true;
        return Feed(flow, toServer, bytes, marks, gap);
    }

    /// <summary>Each side is recognised by itself. 1: go on to the parser; 0: too little so far; -1: this conversation is not followed.</summary>
    private int Recognise(Flow.Flow flow, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        AppState app = flow.App;
        AppProto other = toServer ? app.ToClient : app.ToServer;
        LookForAnnouncement(flow);
        bool upgrades = Upgrades(app), announced = upgrades || app.Expected != AppProto.Unknown && app.Original == AppProto.Unknown;
        AppProto found = upgrades ? AppProto.Http2 : announced ? app.Expected : _detector.Tcp(bytes, toServer, flow.ServerPort);
        if (!toServer && other == AppProto.Http2 && Http2Parser.Probe(bytes)) found = AppProto.Http2; // at home on few ports, but the client has said it
        if (found == AppProto.Unknown)
        {
            // too little to say: neither known nor failed, unless something was agreed upon before
            if ((marks & (StreamMarks.Eof | StreamMarks.Depth)) == 0) return 0;
            return app.Original != AppProto.Unknown && app.Parser == null ? GiveUp(flow) : -1;
        }
        if (found == AppProto.Failed)
        {
            if (app.Parser != null) return OneSided(flow, toServer);
            if (!app.ProbedToServer && !app.ProbedToClient) Disappointed(app, found);
            if (toServer) app.ProbedToServer = true;
            else app.ProbedToClient = true;
            if (app.ProbedToServer && app.ProbedToClient) return GiveUp(flow);
            if (bytes.Length >= MostUnknown)
            {
                Current?.AddEvent(DecodeEvent.ApplayerProtoDetectionSkipped);
                return GiveUp(flow);
            }
            return 0; // though this side is done: what the other speaks may tell what it was
        }
        if (app.Parser != null)
        {
            if (found != other && other != AppProto.Failed) Current?.AddEvent(DecodeEvent.ApplayerMismatchProtocolBothDirections);
            Decide(app, toServer, found);
            return 1;
        }
        Decide(app, toServer, found);
        // a TLS server never speaks first
        if (found == AppProto.Tls && !app.Spoke && !toServer && !app.ClientFirst)
        {
            Current?.AddEvent(DecodeEvent.ApplayerWrongDirectionFirstData);
            return GiveUp(flow);
        }
        Disappointed(app, found);
        AppParser? former = app.OldParser;
        if (former != null && Watcher != null)
        {
            app.Protocol = app.Original;
            Watcher.Changing(flow);
            app.NextId = 0;
        }
        if (!Begin(flow, found, true)) return GiveUp(flow);
        if (former is HttpParser { Upgraded: { } asked } && app.Parser is Http2Parser upgraded) upgraded.TakeOver(asked);
        if (announced)
        {
            app.ToServer = app.ToClient = found;
            return 1;
        }
        // the other side may have been waiting with bytes that come first
        if (flow.Tcp is { } session)
        {
            TcpStream opposite = toServer ? session.Server : session.Client;
            if (!toServer || opposite.SegmentCount > 0) _reassembly?.Deliver(flow, session, opposite, !toServer, false);
            if (app.Failed) return -1;
        }
        return 1;
    }

    /// <summary>Another protocol was agreed on than the one that has come.</summary>
    private void Disappointed(AppState app, AppProto found)
    {
        if (app.Wanted == AppProto.Unknown || app.Wanted == found) return;
        if (app.Wanted == AppProto.Tls) Current?.AddEvent(DecodeEvent.ApplayerNoTlsAfterStarttls);
        Current?.AddEvent(DecodeEvent.ApplayerUnexpectedProtocol);
    }

    /// <summary>This side says nothing that is known: what the other speaks counts for both.</summary>
    private int OneSided(Flow.Flow flow, bool toServer)
    {
        AppState app = flow.App;
        AppProto other = toServer ? app.ToClient : app.ToServer;
        // a TLS server never speaks first
        if (other == AppProto.Tls && !app.Spoke && !toServer && !app.ClientFirst)
        {
            Current?.AddEvent(DecodeEvent.ApplayerWrongDirectionFirstData);
            return GiveUp(flow);
        }
        Current?.AddEvent(DecodeEvent.ApplayerDetectProtocolOnlyOneDirection);
        Decide(app, toServer, AppProto.Failed);
        return 1;
    }

    private static void Decide(AppState app, bool toServer, AppProto found)
    {
        if (toServer) app.ToServer = found;
        else app.ToClient = found;
    }

    public bool StartsTheOtherWay(ReadOnlySpan<byte> bytes, bool toServer, ushort clientPort, ushort serverPort)
    {
        if (_detector.Tcp(bytes, toServer, serverPort) is not (AppProto.Unknown or AppProto.Failed)) return false;
        return _detector.Tcp(bytes, !toServer, clientPort) is not (AppProto.Unknown or AppProto.Failed);
    }

    private int Feed(Flow.Flow flow, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks, int gap)
    {
        AppState app = flow.App;
        AppParser parser = app.Parser!;
        _context.Flow = flow;
        _context.Ending = Current is { Source: PacketSource.StreamEnd };
        _context.TriggerToServer = _context.TriggerToClient = _context.EndsInspection = false;
        long before = app.NextId;
        WantFrames(flow, toServer);
        int used;
        bool full = OverMemcap(flow);
        if ((marks & StreamMarks.Depth) != 0) Truncate(app, toServer);
        if (full) used = -1;
        else if ((marks & StreamMarks.Gap) != 0) used = parser.Gap(_context, toServer, gap) ? gap : -1;
        else used = parser.Parse(_context, toServer, bytes, marks);
        _counters.Transactions[(int)app.Protocol] += app.NextId - before;
        if (app.Transactions.Count > MostTransactions)
        {
            _counters.TooManyTransactions++;
            used = -1;
        }
        if (flow.Tcp is { } session)
        {
            if (Options.Files.Store != null && app.Transactions.Count > 0) Deepen(app, session);
            if (_context.TriggerToServer) session.Client.RawTrigger = true;
            if (_context.TriggerToClient) session.Server.RawTrigger = true;
            if (_context.EndsInspection)
            {
                if (!flow.NoPayloadInspection && app.Protocol == AppProto.Ssh) Watcher?.Encrypting(flow);
                session.Client.RawDone = session.Server.RawDone = true;
                flow.NoPayloadInspection = true;
            }
        }
        if (used < 0)
        {
            _counters.ParserErrors++;
            if (full) _counters.MemcapHits[(int)app.Protocol]++;
            else if ((marks & StreamMarks.Gap) != 0) _counters.Gaps[(int)app.Protocol]++;
            else _counters.Errors[(int)app.Protocol]++;
            Failure = full ? DropReason.AppLayerMemcap : DropReason.AppLayerError;
            return Abandon(app);
        }
        if (parser.HandsOver)
        {
            app.Original = app.Protocol;
            app.Protocol = app.ToServer = app.ToClient = AppProto.Unknown;
            app.Wanted = parser.HandsOverTo;
            app.Spoke = app.AnyData = false;
            app.Expected = AppProto.Unknown;
            app.Expectation = null;
            app.ProbedToServer = app.ProbedToClient = false;
            app.Parser = null;
            app.OldParser = parser;
        }
        return used;
    }

    private void WantFrames(Flow.Flow flow, bool toServer)
    {
        _context.FramesWanted = FrameWishes == null ? 0 : FrameWishes[(int)flow.App.Protocol];
        if (_context.FramesWanted == 0 || flow.Tcp is not { } session)
        {
            _context.InputOffset = 0;
            return;
        }
        TcpStream stream = toServer ? session.Client : session.Server;
        _context.InputOffset = stream.OffsetOf(stream.AppSequence);
        _context.Frame(Frames.FrameType.Stream, toServer, 0, -1); // marked once
    }

    /// <summary>The stream is followed no further than here: files under way in this direction end, without what the last piece would add.</summary>
    private static void Truncate(AppState app, bool toServer)
    {
        foreach (Transaction tx in app.Transactions)
            foreach (AppFile file in tx.Files)
                if (file.ToServer == toServer) file.Close(false);
    }

    /// <summary>A file that is to be stored is followed to a depth of its own, when that is further than the stream's.</summary>
    private void Deepen(AppState app, TcpSession session)
    {
        FileWishes wishes = Options.Files;
        foreach (AppFile file in app.Transactions[^1].Files)
        {
            if (file.State != FileState.Open || !file.Store) continue;
            if (wishes.Depth > session.Client.Depth || wishes.Depth == 0) session.Client.Depth = wishes.Depth;
            if (wishes.Depth > session.Server.Depth || wishes.Depth == 0) session.Server.Depth = wishes.Depth;
            return;
        }
    }

    /// <summary>Nothing more will come: what there is gets inspected and written as it stands.</summary>
    private static int Abandon(AppState app)
    {
        app.Failed = true;
        foreach (Transaction tx in app.Transactions)
        {
            foreach (AppFile file in tx.Files) file.Close(false);
            tx.ProgressToServer = tx.ProgressToClient = tx.Complete;
        }
        return -1;
    }

    private int GiveUp(Flow.Flow flow)
    {
        flow.App.Failed = true;
        if (flow.App.Protocol == AppProto.Unknown)
        {
            if (flow.App.Original != AppProto.Unknown && Watcher != null)
            {
                // what was said before is settled as what it was
                flow.App.Protocol = flow.App.Original;
                Watcher.Changing(flow);
            }
            flow.App.Protocol = AppProto.Failed;
        }
        _counters.FailedTcp++;
        return -1;
    }

    private bool Begin(Flow.Flow flow, AppProto protocol, bool tcp)
    {
        AppParser? parser = ParserTable.Make(protocol, flow.App, tcp, Options);
        flow.App.Protocol = protocol;
        if (tcp) _counters.FlowsTcp[(int)protocol]++;
        else _counters.FlowsUdp[(int)protocol]++;
        if (parser == null)
        {
            // recognised, not parsed
            flow.App.Failed = true;
            return false;
        }
        flow.App.Parser = parser;
        if (flow.Tcp is { } session && Options.StreamDepths.TryGetValue(protocol, out long depth)) session.Client.Depth = session.Server.Depth = depth;
        return true;
    }
}
