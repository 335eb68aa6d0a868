using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer;

internal sealed record AppLayerOptions
{
    public bool Enabled(string protocol) => !Disabled.Contains(protocol);
    public HashSet<string> Disabled { get; init; } = ["pgsql", "modbus", "dnp3", "enip", "template"];
    /// <summary>Where protocols are at home, when the configuration says otherwise: by "dns/udp".</summary>
    public Dictionary<string, HashSet<ushort>> DetectionPorts { get; init; } = [];
    public int HttpRequestBodyLimit { get; init; } = 102400;
    public int HttpResponseBodyLimit { get; init; } = 102400;
    public int HttpRequestMinInspect { get; init; } = 32768;
    public int HttpRequestWindow { get; init; } = 4096;
    public int HttpResponseMinInspect { get; init; } = 40960;
    public int HttpResponseWindow { get; init; } = 16384;
    /// <summary>Bytes that streams, bodies and messages of all conversations may hold before parsers give conversations up.</summary>
    public long Memcap { get; init; } = 1L << 30;

    /// <summary>Further limits on that sum, for two protocols; 0: none.</summary>
    public long HttpMemcap { get; init; }
    public long FtpMemcap { get; init; }
    public Flow.ExceptionPolicy ErrorPolicy { get; init; }
    public int HttpLayers { get; init; } = 2;
    public int HttpMaxHeaders { get; init; } = 1024;
    public Http.HttpLogOptions HttpLog { get; init; } = new();
    public bool DoubleDecodePath { get; init; }
    public bool DoubleDecodeQuery { get; init; }
    public FileWishes Files { get; init; } = new();
    public bool Ja3 { get; init; }
    public bool Hassh { get; init; }
    public bool DnsRequests { get; init; } = true;
    public bool TlsLogAll { get; init; }
    public bool DhcpExtended { get; init; }
    public bool PgsqlPasswords { get; init; }
    public bool Ja4 { get; init; }
    public bool ShowJa4 { get; init; }
    public Smtp.SmtpOptions Smtp { get; init; } = new();
    /// <summary>How far streams of a protocol are followed in place of the general depth; 0: to their end. Databases, shares and controllers talk in long conversations.</summary>
    public Dictionary<AppProto, long> StreamDepths { get; init; } = new() { [AppProto.Smb] = 0, [AppProto.Pgsql] = 0, [AppProto.Modbus] = 0 };
    public int FtpMaxLine { get; init; } = 4096;
    public Dnp3.Dnp3Options Dnp3 { get; init; } = new();
    public Files.RangeOptions Ranges { get; init; } = new();
    public Http2.Http2Options Http2 { get; init; } = new();
    public int NfsMaxTransactions { get; init; } = 1024;
    public Mqtt.MqttOptions Mqtt { get; init; } = new();
}

/// <summary>What a parser may use of its flow.</summary>
internal sealed class ParseContext(AppLayerOptions options)
{
    public AppLayerOptions Options { get; set; } = options;
    public Flow.Flow Flow = null!;
    public long Time;
    /// <summary>The frames of the flow's protocol that somebody asks for, one bit a type; usually none.</summary>
    public ulong FramesWanted;
    /// <summary>Where the bytes being parsed begin in their stream.</summary>
    public long InputOffset;
    /// <summary>Messages to be used again.</summary>
    public Memory.Pool<Dns.DnsTransaction> DnsMessages { get; } = new(256);

    /// <summary>Files that come in ranges.</summary>
    public Files.RangeStore? Ranges { get; set; }

    /// <summary>The worker's place in the order of the capture, where that is kept.</summary>
    public Detect.ITurns? Turns { get; set; }

    /// <summary>Set by a parser when a message is complete, so that the raw stream is looked at without waiting for a full chunk.</summary>
    public bool TriggerToServer, TriggerToClient;
    /// <summary>Set when encryption begins: nothing that follows is worth looking at.</summary>
    public bool EndsInspection;

    /// <summary>No packet brings the bytes: they are what a conversation leaves behind that has ended.</summary>
    public bool Ending;
    /// <summary>Marks a frame; costs a comparison when nobody asks for its type.</summary>
    /// <param name="type">What it is.</param>
    /// <param name="toServer">Which way it goes.</param>
    /// <param name="at">Where it begins, counted from the bytes being parsed.</param>
    /// <param name="length">-1: to the end of the stream.</param>
    /// <param name="again">Even if one of its type has been marked at that place.</param>
    /// <param name="tx">The exchange it belongs to, for records.</param>
    public void Frame(FrameType type, bool toServer, int at, long length, bool again = false, Transaction? tx = null)
    {
        if ((FramesWanted >> (int)type & 1) == 0) return;
        AppState app = Flow.App;
        app.Frames ??= new FlowFrames();
        app.Frames.Of(toServer).Add(type, InputOffset + at, length, again || Flow.Tcp == null, tx == null ? 0 : tx.Id + 1);
        (Flow.Tcp is not { } session ? null : toServer ? session.Client : session.Server)?.HoldForFrame(InputOffset + at);
    }

    /// <summary>The open frame of that type ends here, counted from the bytes being parsed.</summary>
    public void EndFrame(FrameType type, bool toServer, int at)
    {
        if ((FramesWanted >> (int)type & 1) != 0) Flow.App.Frames?.Of(toServer).End(type, InputOffset + at);
    }

    /// <summary>Tells the engine that a data connection is about to be made (FTP).</summary>
    public IExpectations? Expectations;
}

/// <summary>Connections that a control channel has announced.</summary>
internal interface IExpectations
{
    void Expect(Decode.IpAddress server, ushort port, AppProto protocol, object what, long time);
}

/// <summary>Told before a flow goes over to another protocol, while the exchanges of the old one can still be inspected and written.</summary>
internal interface IProtocolWatcher
{
    void Changing(Flow.Flow flow);

    /// <summary>What follows is encrypted: rules see what has been read up to here, and nothing behind it.</summary>
    void Encrypting(Flow.Flow flow);
}

/// <summary>The parser of one flow.</summary>
internal abstract class AppParser
{
    public abstract AppProto Protocol { get; }

    /// <summary>Parses what it can; returns the bytes used, or -1 when it gives the flow up. The rest is offered again with what follows.</summary>
    public abstract int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks);

    /// <summary>Bytes were lost. False: the flow cannot be followed further.</summary>
    public virtual bool Gap(ParseContext context, bool toServer, int size) => false;

    /// <summary>The peers have agreed to speak something else from here on (CONNECT, STARTTLS, an upgrade): look again at what follows.</summary>
    public bool HandsOver { get; protected set; }

    /// <summary>What is likely to follow a hand-over.</summary>
    public AppProto HandsOverTo { get; protected set; }

    public virtual void Reset() { }
}

/// <summary>What a flow knows about its application protocol.</summary>
internal sealed class AppState
{
    public AppProto Protocol;
    public AppProto ToServer;        // as each side alone tells; Failed when the other side decided for it
    public AppProto ToClient;
    public AppProto Original;        // before STARTTLS, CONNECT or an upgrade
    public AppProto Expected;
    public AppProto Wanted;          // what a hand-over has announced
    public bool Spoke;               // bytes have reached the parser
    public bool ClientFirst;         // who sent the first byte
    public bool AnyData;
    public AppParser? Parser;
    public AppParser? OldParser;
    public readonly List<Transaction> Transactions = new(0);
    public long NextId;
    public bool Failed;
    public bool ProbedToServer, ProbedToClient; // given up looking in that direction
    public bool ToServerFirst = true;
    public object? Expectation;
    public FlowFrames? Frames;       // only where somebody asks for frames

    /// <summary>What the exchanges at hand are in: between two protocols still the first.</summary>
    public AppProto Spoken => Protocol == AppProto.Unknown ? Original : Protocol;

    public T Add<T>(T transaction) where T : Transaction
    {
        transaction.Id = NextId++;
        Transactions.Add(transaction);
        return transaction;
    }

    public void Reset()
    {
        Protocol = ToServer = ToClient = Original = Expected = Wanted = AppProto.Unknown;
        Spoke = ClientFirst = AnyData = false;
        Parser?.Reset();
        OldParser?.Reset();
        OldParser = null;
        Parser = null;
        foreach (Transaction t in Transactions) t.Reset();
        Transactions.Clear();
        NextId = 0;
        Failed = ProbedToServer = ProbedToClient = false;
        Expectation = null;
        Frames?.Clear();
    }
}
