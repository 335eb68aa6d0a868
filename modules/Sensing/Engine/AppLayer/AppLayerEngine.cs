using Appliance.Sensing.Engine.AppLayer.Dns;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer;

internal sealed class AppLayerCounters
{
    public readonly long[] FlowsTcp = new long[(int)AppProto.BittorrentDht + 1];
    public readonly long[] FlowsUdp = new long[(int)AppProto.BittorrentDht + 1];
    public readonly long[] Transactions = new long[(int)AppProto.BittorrentDht + 1];
    public long FailedTcp, FailedUdp, ParserErrors;
}

/// <summary>Between the streams and the parsers: finds the protocol of a flow, feeds its parser, keeps its transactions.</summary>
internal sealed class AppLayerEngine : IStreamReader, IExpectations
{
    private const int GiveUpBoth = 2048;
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

    public void Attach(Reassembly reassembly) => _reassembly = reassembly;

    public long Now { set => _context.Time = value; }

    public int Offer(Flow.Flow flow, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks, int gap)
    {
        AppState app = flow.App;
        if (app.Failed) return -1;
        if (app.Parser == null)
        {
            if ((marks & StreamMarks.Gap) != 0)
            {
                // the beginning is lost on this side; the other may still tell what is spoken
                if (toServer) app.ProbedToServer = true;
                else app.ProbedToClient = true;
                return app.ProbedToServer && app.ProbedToClient ? GiveUp(flow, toServer) : -1;
            }
            if (bytes.IsEmpty) return 0;
            LookForAnnouncement(flow);
            AppProto found = app.Expected != AppProto.Unknown && app.Original == AppProto.Unknown ? app.Expected : _detector.Tcp(bytes, toServer, flow.ClientPort, flow.ServerPort);
            if (found == AppProto.Unknown) return (marks & (StreamMarks.Eof | StreamMarks.Depth)) != 0 ? -1 : 0; // too little to say: neither known nor failed
            if (found == AppProto.Failed)
            {
                if (toServer) app.ProbedToServer = true;
                else app.ProbedToClient = true;
                if (app.ProbedToServer && app.ProbedToClient || bytes.Length >= GiveUpBoth) return GiveUp(flow, toServer);
                if ((marks & StreamMarks.Eof) != 0) return -1;
                return 0;
            }
            if (!Begin(flow, found, true)) return GiveUp(flow, toServer);
            // the other side may have been waiting with bytes that come first
            if (flow.Tcp is { } session)
            {
                TcpStream other = toServer ? session.Server : session.Client;
                if (!toServer || other.SegmentCount > 0) _reassembly?.Deliver(flow, session, other, !toServer, false);
                if (app.Failed) return -1;
            }
        }
        return Feed(flow, toServer, bytes, marks, gap);
    }

    public bool StartsAsAnswer(ReadOnlySpan<byte> bytes, ushort clientPort, ushort serverPort)
    {
        if (_detector.Tcp(bytes, true, clientPort, serverPort) is not (AppProto.Unknown or AppProto.Failed)) return false;
        return _detector.Tcp(bytes, false, serverPort, clientPort) is not (AppProto.Unknown or AppProto.Failed);
    }

    private int Feed(Flow.Flow flow, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks, int gap)
    {
        AppState app = flow.App;
        AppParser parser = app.Parser!;
        _context.Flow = flow;
        _context.TriggerToServer = _context.TriggerToClient = _context.EndsInspection = false;
        long before = app.NextId;
        WantFrames(flow, toServer);
        int used;
        if ((marks & StreamMarks.Gap) != 0) used = parser.Gap(_context, toServer, gap) ? gap : -1;
        else used = parser.Parse(_context, toServer, bytes, marks);
        _counters.Transactions[(int)app.Protocol] += app.NextId - before;
        if (flow.Tcp is { } session)
        {
            if (_context.TriggerToServer) session.Client.RawTrigger = true;
            if (_context.TriggerToClient) session.Server.RawTrigger = true;
            if (_context.EndsInspection)
            {
                session.Client.RawDone = session.Server.RawDone = true;
                flow.NoPayloadInspection = true;
            }
        }
        if (used < 0)
        {
            _counters.ParserErrors++;
            app.Failed = true;
            foreach (Transaction tx in app.Transactions)
            {
                // nothing more will come: what there is gets inspected and written as it stands
                foreach (AppFile file in tx.Files) file.Close(false);
                tx.ProgressToServer = tx.ProgressToClient = tx.Complete;
            }
            return -1;
        }
        if (parser.HandsOver)
        {
            app.Original = app.Protocol;
            app.Protocol = AppProto.Unknown;
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

    private int GiveUp(Flow.Flow flow, bool toServer)
    {
        flow.App.Failed = true;
        if (flow.App.Protocol == AppProto.Unknown && flow.App.Original == AppProto.Unknown) flow.App.Protocol = AppProto.Failed;
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
        return true;
    }

    public void Datagram(Flow.Flow flow, Packet p)
    {
        AppState app = flow.App;
        if (p.PayloadLength == 0) return;
        if (app.Parser == null)
        {
            if (app.Failed) return;
            if (p.ToServer ? app.ProbedToServer : app.ProbedToClient) return;
            AppProto found = _detector.Udp(p.Payload, p.ToServer, flow.ClientPort, flow.ServerPort);
            if (found is AppProto.Failed or AppProto.Unknown)
            {
                if (p.ToServer) app.ProbedToServer = true;
                else app.ProbedToClient = true;
                // the other direction may still tell
                if (app.Protocol == AppProto.Unknown) _counters.FailedUdp++;
                app.Protocol = AppProto.Failed;
                app.Failed = app.ProbedToServer && app.ProbedToClient;
                return;
            }
            if (!Begin(flow, found, false)) return;
        }
        _context.Flow = flow;
        long before = app.NextId;
        WantFrames(flow, p.ToServer);
        app.Parser!.Parse(_context, p.ToServer, p.Payload, StreamMarks.None);
        _counters.Transactions[(int)app.Protocol] += app.NextId - before;
    }
}
