using System.Text;
using Appliance.Sensing.Engine.AppLayer.Dcerpc;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Smb;

/// <summary>
/// SMB 1 (MS-CIFS, MS-SMB) and 2/3 (MS-SMB2) behind the session service's four-byte header (RFC 1002 section 4.3.1). Large reads and writes are not
/// collected: their data goes to the file as it comes.
/// </summary>
internal sealed partial class SmbParser(AppState state) : AppParser
{
    private const int MaxPending = 1024, MaxKept = 1024, MaxWhole = 1 << 17;

    /// <summary>One direction's place in the stream.</summary>
    private sealed class Side
    {
        public uint Left;                 // bytes of the message at hand that are still to come
        public uint DataLeft;             // of these, bytes that belong to a file
        public AppFile? File;
        public Parked? Early;             // the stretch being received lies ahead of what the file has
        public SmbTransaction? EarlyOf;
        public bool Lost;
    }

    /// <summary>A stretch of a file that came before its turn: reads and writes may overtake each other.</summary>
    internal sealed class Parked(ulong offset)
    {
        public readonly ulong Offset = offset;
        public readonly Memory.SlidingBuffer Bytes = new();
        public bool Whole;
    }

    private const int MaxParked = 64, MaxParkedBytes = 8 << 20;

    private sealed record Opened(byte[] Name, bool Pipe);

    private readonly Side _toServer = new(), _toClient = new();
    private readonly Dictionary<(ulong Session, uint Tree), Opened> _trees = [];
    private readonly Dictionary<UInt128, Opened> _opened = [];
    private readonly Dictionary<UInt128, SmbTransaction> _fileOf = [];
    private readonly Dictionary<ulong, (UInt128 File, ulong Offset)> _reads = [];
    private List<RpcInterface>? _asked;
    private int _dialect;
    private byte[] _dialectOne = [];

    public override AppProto Protocol => AppProto.Smb;

    public string DialectName => _dialect != 0 ? SmbNames.Dialect(_dialect) : _dialectOne.Length > 0 ? Encoding.Latin1.GetString(_dialectOne) : "unknown";

    public override bool Gap(ParseContext context, bool toServer, int size)
    {
        Side side = toServer ? _toServer : _toClient;
        uint missing = (uint)size;
        if (side.File != null) side.File.Gaps = true;
        if (missing <= side.Left)
        {
            side.Left -= missing;
            side.DataLeft -= Math.Min(side.DataLeft, missing);
        }
        else
        {
            side.Left = side.DataLeft = 0;
            side.Lost = true;
        }
        return true;
    }

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        Side side = toServer ? _toServer : _toClient;
        int used = 0;
        while (used < bytes.Length)
        {
            ReadOnlySpan<byte> rest = bytes[used..];
            if (side.Left > 0)
            {
                int now = (int)Math.Min(side.Left, (uint)rest.Length);
                int data = (int)Math.Min(side.DataLeft, (uint)now);
                if (data > 0)
                {
                    if (side.Early != null) side.Early.Bytes.Append(rest[..data]);
                    else side.File?.Append(rest[..data]);
                }
                side.DataLeft -= (uint)data;
                if (data > 0 && side.DataLeft == 0) Arrived(side);
                side.Left -= (uint)now;
                used += now;
                continue;
            }
            if (rest.Length < 4 || rest[0] is not (>= 0x81 and <= 0x85) && rest.Length < 8) break;
            if (side.Lost && rest.Length < 8) break;
            if (side.Lost)
            {
                if (!Plausible(rest))
                {
                    used++;
                    continue;
                }
                side.Lost = false;
            }
            int length = rest[1] << 16 | rest[2] << 8 | rest[3];
            if (rest[0] != 0)
            {
                // session requests, keep-alives (RFC 1002 section 4.3)
                if (rest[0] is not (0x81 or 0x82 or 0x83 or 0x84 or 0x85)) return -1;
                MarkSession(context, toServer, used, length);
                side.Left = (uint)length;
                used += 4;
                continue;
            }
            if (rest[5] != 'S' || rest[6] != 'M' || rest[7] != 'B' || rest[4] < 0xfc) return -1;
            if (context.FramesWanted != 0) MarkFrames(context, toServer, used, length, rest[4..]);
            bool whole = rest.Length >= 4 + length;
            if (!whole && !CanStream(rest, toServer, length))
            {
                if (length <= MaxWhole) break;
                side.Left = (uint)length;
                used += 4;
                continue;
            }
            ReadOnlySpan<byte> message = rest.Slice(4, Math.Min(length, rest.Length - 4));
            side.File = null;
            if (rest[4] == 0xfe) MessagesTwo(context, toServer, message, length, side);
            else if (rest[4] == 0xff) MessageOne(context, toServer, message, length, side);
            used += 4 + message.Length;
            side.Left = (uint)(length - message.Length);
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
        }
        return used;
    }

    /// <summary>Enough of a large read or write to know whose data follows?</summary>
    private static bool CanStream(ReadOnlySpan<byte> rest, bool toServer, int length)
    {
        if (length < 4096) return false;
        if (rest[4] == 0xfe) return rest.Length >= 4 + 64 + 48 && rest[16] == (toServer ? 9 : 8) && rest[17] == 0 && rest[24] + rest[25] + rest[26] + rest[27] == 0;
        return rest[4] == 0xff && rest.Length >= 4 + 32 + 33 && rest[8] == (toServer ? 0x2f : 0x2e);
    }

    private static bool Plausible(ReadOnlySpan<byte> b) => b[0] == 0 && b[4] is 0xfe or 0xff && b[5] == 'S' && b[6] == 'M' && b[7] == 'B';

    private SmbTransaction Begin(bool two, int command, ulong session, uint tree, ulong message)
    {
        if (state.Transactions.Count >= MaxPending)
            foreach (Transaction old in state.Transactions)
                if (old.ProgressToServer < old.Complete)
                {
                    foreach (AppFile file in old.Files) file.Close(false);
                    Finish(old);
                    break;
                }
        return state.Add(new SmbTransaction { Owner = this, Two = two, Command = command, Session = session, Tree = tree, MessageId = message });
    }

    private SmbTransaction? Waiting(bool two, int command, ulong session, ulong message)
    {
        foreach (Transaction t in state.Transactions)
            if (t is SmbTransaction { Detail: not (SmbDetail.File or SmbDetail.Rpc), Answered: false } tx && tx.Two == two && tx.Command == command && tx.MessageId == message
                && (tx.Session == session || tx.Session == 0 || session == 0) && tx.ProgressToServer < tx.Complete) return tx;
        return null;
    }

    private static void Finish(Transaction tx) => tx.ProgressToServer = tx.ProgressToClient = tx.Complete;

    private static void Keep<TKey, TValue>(Dictionary<TKey, TValue> into, TKey key, TValue value) where TKey : notnull
    {
        if (into.Count >= MaxKept) into.Clear();
        into[key] = value;
    }

    private static UInt128 Key(ReadOnlySpan<byte> id)
    {
        UInt128 key = 0;
        foreach (byte b in id) key = key << 8 | b;
        return key;
    }

    /// <summary>A stretch of a file, read or written: at its place, and the first starts the file's transaction.</summary>
    private SmbTransaction FileData(ParseContext context, bool two, int command, bool toServer, ReadOnlySpan<byte> id, ulong session, uint tree, ulong offset, ReadOnlySpan<byte> data, uint whole, Side side)
    {
        UInt128 key = Key(id) ^ (toServer ? UInt128.One << 127 : 0);
        if (!_fileOf.TryGetValue(key, out SmbTransaction? tx) || tx.Files.Count == 0 || tx.Files[0].State != FileState.Open)
        {
            tx = Begin(two, command, two ? session : 0, two ? tree : 0, 0);
            tx.Detail = SmbDetail.File;
            tx.FileId = id.ToArray();
            tx.FileName = _opened.TryGetValue(Key(id), out Opened? opened) ? opened.Name : [];
            tx.Share = _trees.TryGetValue((session, tree), out Opened? share) ? share.Name : [];
            if (two) (tx.Answered, tx.Status) = (false, 0);
            var file = new AppFile();
            file.Open(tx.FileName, toServer, context.Options.Files, true);
            tx.Files.Add(file);
            tx.ProgressToServer = tx.ProgressToClient = 3;
            Keep(_fileOf, key, tx);
        }
        AppFile to = tx.Files[0];
        side.Early = null;
        side.EarlyOf = tx;
        if (offset > (ulong)to.Size && tx.Ahead.Count < MaxParked && tx.Ahead.Sum(a => a.Bytes.Length) < MaxParkedBytes)
        {
            side.Early = new Parked(offset) { Whole = data.Length >= whole };
            side.Early.Bytes.Append(data);
            tx.Ahead.Add(side.Early);
            return tx;
        }
        if (offset > (ulong)to.Size) to.Gaps = true;
        // what was seen already is not taken twice
        if (offset < (ulong)to.Size)
        {
            tx.RaiseAgain("file_overlap", toServer);
            ulong seen = Math.Min((ulong)to.Size - offset, whole);
            if (seen >= (ulong)data.Length) data = default;
            else data = data[(int)seen..];
        }
        to.Append(data);
        side.File = to;
        if (data.Length >= whole || offset < (ulong)to.Size && data.IsEmpty) Drain(tx, false);
        return tx;
    }

    private static void Arrived(Side side)
    {
        if (side.Early != null) side.Early.Whole = true;
        if (side.EarlyOf != null) Drain(side.EarlyOf, false);
        (side.Early, side.EarlyOf) = (null, null);
    }

    /// <summary>Takes parked stretches whose turn has come; at the end all of them, over the holes.</summary>
    private static void Drain(SmbTransaction tx, bool all)
    {
        AppFile file = tx.Files[0];
        for (bool more = true; more && tx.Ahead.Count > 0;)
        {
            more = false;
            tx.Ahead.Sort((a, b) => a.Offset.CompareTo(b.Offset));
            Parked first = tx.Ahead[0];
            if (!all && (!first.Whole || first.Offset > (ulong)file.Size)) return;
            if (first.Offset > (ulong)file.Size) file.Gaps = true;
            ulong seen = (ulong)file.Size > first.Offset ? (ulong)file.Size - first.Offset : 0;
            if (seen < (ulong)first.Bytes.Length) file.Append(first.Bytes.Span[(int)seen..]);
            first.Bytes.Release();
            tx.Ahead.RemoveAt(0);
            more = true;
        }
    }

    private void CloseFile(ReadOnlySpan<byte> id)
    {
        UInt128 key = Key(id);
        for (int way = 0; way < 2; way++)
        {
            UInt128 one = way == 0 ? key : key ^ UInt128.One << 127;
            if (!_fileOf.Remove(one, out SmbTransaction? tx)) continue;
            Drain(tx, true);
            foreach (AppFile file in tx.Files) file.Close(true);
            (tx.Answered, tx.Status) = (tx.Two, 0);
            Finish(tx);
        }
        _opened.Remove(key);
    }

    public override void Reset()
    {
        _trees.Clear();
        _opened.Clear();
        _fileOf.Clear();
        _reads.Clear();
    }
}
