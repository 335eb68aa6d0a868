using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer;

/// <summary>One exchange of a protocol: its buffers for rules, its record, and how far each direction has come.</summary>
internal abstract class Transaction
{
    public long Id;
    public int ProgressToServer;
    public int ProgressToClient;
    public bool Logged;
    private TransactionInspection? _toServer, _toClient;   // only where there are rules
    public readonly List<AppFile> Files = new(0);
    public readonly List<AppEvent> Events = new(0);
    public int EventsLogged;
    /// <summary>How many events there were when the flow ended; -1 while it goes on.</summary>
    public int EventsBeforeEnd = -1;
    public int FilesLogged;
    public bool StoreFilesToServer, StoreFilesToClient;

    /// <summary>Progress at which a direction is complete.</summary>
    public abstract int Complete { get; }

    /// <summary>False when this direction plays no part, as for a DNS question seen alone.</summary>
    public virtual bool Uses(bool toServer) => true;

    public bool IsComplete(bool toServer) => !Uses(toServer) || (toServer ? ProgressToServer : ProgressToClient) >= Complete;

    public int Progress(bool toServer) => toServer ? ProgressToServer : ProgressToClient;

    public TransactionInspection InspectedToServer => _toServer ??= new TransactionInspection();
    public TransactionInspection InspectedToClient => _toClient ??= new TransactionInspection();

    public TransactionInspection Inspected(bool toServer) => toServer ? InspectedToServer : InspectedToClient;

    /// <summary>Has this direction come far enough for a buffer to be read?</summary>
    public virtual bool Reached(BufferDescriptor buffer, bool toServer) => Progress(toServer) >= buffer.ProgressFor(toServer);

    /// <summary>Bodies and files: is this direction's at its end, though the exchange goes on?</summary>
    public virtual bool BodyEnded(bool toServer) => false;

    /// <summary>The bytes of a buffer; <paramref name="index"/> counts the instances of buffers that come several times.</summary>
    public abstract bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes);

    /// <summary>As <see cref="TryGet"/>; what a file is called and what kind it is comes from the file itself, whatever the protocol.</summary>
    public bool TryRead(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        if (buffer is not (BufferId.FileName or BufferId.FileMagic)) return TryGet(buffer, toServer, index, out bytes);
        bytes = default;
        foreach (AppFile file in Files)
        {
            if (file.ToServer != toServer || index-- > 0) continue;
            if (buffer == BufferId.FileMagic) return file.TryMagic(out bytes);
            bytes = file.Name;
            return true;
        }
        return false;
    }

    /// <summary>The bytes of a file that was put together from ranges.</summary>
    protected bool TryJoined(int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        foreach (AppFile file in Files)
        {
            if (!file.IsJoined || index-- > 0) continue;
            bytes = file.Bytes.Span;
            return true;
        }
        return false;
    }

    /// <summary>For bodies and files: how many bytes have been seen in all, which tells whether there is something new.</summary>
    public virtual long StreamedBytes(BufferId buffer, bool toServer) => 0;

    public virtual int Number(NumberId what, bool toServer, int index) => -1;

    /// <summary>Writes the protocol's object into a record; false when there is nothing to tell.</summary>
    public abstract bool WriteRecord(EveWriter to, bool inAlert);

    /// <summary>Bodies and files: is each new piece looked at when it comes, or only once a window has been gathered?</summary>
    public virtual bool InspectsEveryChunk => false;

    /// <summary>Byte order of numbers in the buffers, for rules that leave it to the protocol ("dce").</summary>
    public virtual bool LittleEndian => false;

    /// <summary>Do the addresses of the record follow the conversation (client first) or the packet that completed it?</summary>
    public virtual bool RecordFollowsFlow => false;

    /// <summary>Ended by an answer: what is left of a conversation at its end may show question and answer at once, and the record is then the answer's.</summary>
    public virtual bool AnswerEndsIt => false;

    /// <summary>When the record follows the conversation: does its source stand for the client?</summary>
    public virtual bool RecordToServer => true;

    /// <summary>Does the record name the transaction's number at its top?</summary>
    public virtual bool RecordHasNumber => false;

    /// <summary>Notes that the wire broke a rule of its protocol; rules and anomaly records can name it. Bounded, and each name once.</summary>
    public void Raise(string name, bool toServer)
    {
        if (Events.Count >= MaxEvents) return;
        foreach (AppEvent e in Events)
            if (e.Name == name) return;
        Events.Add(new AppEvent(name, toServer));
    }

    private const int MaxEvents = 1024;

    /// <summary>As <see cref="Raise"/>, also when the name is there already: each time has its own anomaly record.</summary>
    public void RaiseAgain(string name, bool toServer)
    {
        if (Events.Count < MaxEvents) Events.Add(new AppEvent(name, toServer));
    }

    /// <summary>Is all that the record tells there, even if the exchange goes on?</summary>
    public virtual bool RecordReady => false;

    /// <summary>Is there a record of its own to write?</summary>
    public virtual bool HasRecord => true;

    public virtual void Reset()
    {
        ProgressToServer = ProgressToClient = 0;
        Logged = false;
        EventsLogged = FilesLogged = 0;
        StoreFilesToServer = StoreFilesToClient = false;
        _toServer?.Clear();
        _toClient?.Clear();
        foreach (AppFile file in Files) file.Reset();
        Files.Clear();
        Events.Clear();
        EventsBeforeEnd = -1;
    }
}

internal readonly record struct AppEvent(string Name, bool ToServer);

/// <summary>Integers that rule keywords compare.</summary>
internal enum NumberId : byte { None, UriLength, HttpStatus, DnsOpcode, DnsRrType, TlsVersion, SshProtocol, SmbNtlmVersion, Krb5MessageType, SnmpVersion, SnmpPduType, MqttType, RfbSecurity }

/// <summary>What has been done for one transaction in one direction, so that nothing is looked at twice.</summary>
internal sealed class TransactionInspection
{
    public ulong BuffersDone0, BuffersDone1;   // one bit per prefilter already run
    public bool NoBufferRulesDone;
    public bool Done;
    public bool Skip;
    private int[] _rules = [];
    private uint[] _parts = [];
    private int _count;
    public PerBuffer Streamed;

    /// <summary>How far each kind of body has been looked at.</summary>
    [System.Runtime.CompilerServices.InlineArray(8)]
    public struct PerBuffer
    {
        private long _first;
    }

    public int Count => _count;
    public int RuleAt(int i) => _rules[i];
    public ref uint PartsAt(int i) => ref _parts[i];
    public const uint Finished = 0x80000000;

    /// <summary>False when the prefilter of that place in the protocol's list has been run. Places behind the last bit are run each time.</summary>
    public bool TryMark(int engine)
    {
        if (engine >= 128) return true;
        ref ulong word = ref engine < 64 ? ref BuffersDone0 : ref BuffersDone1;
        ulong bit = 1UL << (engine & 63);
        if ((word & bit) != 0) return false;
        word |= bit;
        return true;
    }

    public int Find(int rule)
    {
        for (int i = 0; i < _count; i++)
            if (_rules[i] == rule) return i;
        return -1;
    }

    public int Add(int rule)
    {
        if (_count == _rules.Length)
        {
            Array.Resize(ref _rules, Math.Max(4, _count * 2));
            Array.Resize(ref _parts, Math.Max(4, _count * 2));
        }
        _rules[_count] = rule;
        _parts[_count] = 0;
        return _count++;
    }

    public void Clear()
    {
        BuffersDone0 = BuffersDone1 = 0;
        NoBufferRulesDone = Done = Skip = false;
        _count = 0;
        Streamed = default;
    }
}
