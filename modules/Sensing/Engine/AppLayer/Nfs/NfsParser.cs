using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Nfs;

/// <summary>NFS versions 2 (RFC 1094), 3 (RFC 1813) and 4 (RFC 7530, RFC 8881) over ONC RPC (RFC 5531), in records on TCP and in datagrams on UDP.</summary>
internal sealed partial class NfsParser(AppState state, bool tcp, int maxTransactions) : AppParser
{
    // access lists travel on the same connections, and the reference takes their calls for those of NFS
    private const uint Program = 100003, AccessLists = 100227;
    private const int MaxCalls = 1024, MaxNames = 4096, MaxFiles = 256, MaxRecord = 1 << 22, MaxHeld = 1 << 16;

    /// <summary>A call that waits for its reply.</summary>
    private sealed class Call
    {
        public int Version;
        public uint Procedure;
        public ulong Offset;
        public byte[] Handle = [], Name = [];
        public RpcCredentials Credentials;
        public NfsTransaction? Transaction;
        public List<uint>? Operations;
    }

    /// <summary>Where one side is: inside the data of a file that fills the rest of a record, or looking for a record after a loss.</summary>
    private sealed class Side
    {
        public NfsTransaction? File;
        public long DataLeft, SkipLeft;
        public bool Lost;
    }

    private readonly Dictionary<uint, Call> _calls = [];
    private readonly Dictionary<string, byte[]> _names = [];
    private readonly Dictionary<(string Handle, bool ToServer), NfsTransaction> _files = [];
    private readonly Side _client = new(), _server = new();
    private ParseContext _context = null!;

    public override AppProto Protocol => AppProto.Nfs;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        _context = context;
        if (!tcp)
        {
            Message(toServer, bytes, bytes.Length);
            return bytes.Length;
        }
        Side side = toServer ? _client : _server;
        int used = 0;
        while (used < bytes.Length)
        {
            if (side.DataLeft > 0 || side.SkipLeft > 0)
            {
                used += Inside(side, bytes[used..]);
                continue;
            }
            if (side.Lost && !FindRecord(side, bytes, ref used, toServer)) break;
            ReadOnlySpan<byte> rest = bytes[used..];
            if (rest.Length < 4) break;
            int length = (rest[0] & 0x7f) << 24 | rest[1] << 16 | rest[2] << 8 | rest[3];
            if (length > MaxRecord || length < 4) return -1;
            bool whole = rest.Length - 4 >= length;
            // a long record is begun as soon as its own fields can be read; what is then left is a file's data, or of no interest
            if (!whole && rest.Length - 4 < Math.Min(length, MaxHeld) && !CanBegin(toServer, rest[4..])) break;
            ReadOnlySpan<byte> message = rest[4..Math.Min(rest.Length, 4 + length)];
            Message(toServer, message, length);
            used += 4 + message.Length;
            int left = length - message.Length;
            if (left > 0 && side.DataLeft == 0) side.SkipLeft = left;
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
        }
        return used;
    }

    /// <summary>The rest of a record that was begun before it was whole.</summary>
    private static int Inside(Side side, ReadOnlySpan<byte> bytes)
    {
        if (side.DataLeft > 0)
        {
            int take = (int)Math.Min(side.DataLeft, bytes.Length);
            side.File?.Files[0].Append(bytes[..take]);
            side.DataLeft -= take;
            if (side.DataLeft == 0 && side.File is { SeenLast: true } file) Finish(file);
            return take;
        }
        int skip = (int)Math.Min(side.SkipLeft, bytes.Length);
        side.SkipLeft -= skip;
        return skip;
    }

    public override bool Gap(ParseContext context, bool toServer, int size)
    {
        Side side = toServer ? _client : _server;
        long left = size, inData = Math.Min(side.DataLeft, left);
        if (inData > 0 && side.File != null) side.File.Files[0].Gaps = true;
        side.DataLeft -= inData;
        left -= inData;
        long skipped = Math.Min(side.SkipLeft, left);
        side.SkipLeft -= skipped;
        if (left > skipped) side.Lost = true;
        return true;
    }

    private static bool FindRecord(Side side, ReadOnlySpan<byte> bytes, ref int used, bool toServer)
    {
        for (; bytes.Length - used >= 28; used++)
            if (ProbeStream(bytes[used..], toServer))
            {
                side.Lost = false;
                return true;
            }
        return false;
    }

    /// <summary>Are the fields in front of a file's data there? Only calls that write and replies to calls that read are begun early.</summary>
    private bool CanBegin(bool toServer, ReadOnlySpan<byte> bytes)
    {
        var wire = new Wire(bytes);
        uint xid = wire.U32();
        wire.Skip(4);
        if (wire.Bad) return false;
        if (!toServer) return _calls.TryGetValue(xid, out Call? call) && call.Version == 3 && call.Procedure == 6 && bytes.Length >= 160;
        wire.Skip(8);
        uint version = wire.U32(), procedure = wire.U32();
        return !wire.Bad && version == 3 && procedure == 7 && bytes.Length >= 600;
    }

    private void Message(bool toServer, ReadOnlySpan<byte> bytes, int length)
    {
        var wire = new Wire(bytes);
        uint xid = wire.U32(), type = wire.U32();
        if (wire.Bad) return;
        if (toServer && type == 0) Request(xid, ref wire, length);
        else if (!toServer && type == 1) Reply(xid, ref wire, length);
    }

    private void Request(uint xid, ref Wire wire, int length)
    {
        uint rpc = wire.U32(), program = wire.U32(), version = wire.U32(), procedure = wire.U32();
        if (wire.Bad || rpc != 2 || program is not (Program or AccessLists)) return;
        var call = new Call { Version = (int)Math.Min(version, 255), Procedure = procedure, Credentials = ReadCredentials(ref wire) };
        wire.Skip(4); // verifier
        Opaque(ref wire);
        if (wire.Bad) return;
        if (_calls.Count >= MaxCalls) _calls.Clear();
        _calls[xid] = call;
        switch (version)
        {
            case 2: RequestTwo(xid, call, ref wire); break;
            case 3: RequestThree(xid, call, ref wire, length); break;
            case 4: RequestFour(xid, call, ref wire); break;
        }
    }

    private static RpcCredentials ReadCredentials(ref Wire wire)
    {
        uint flavor = wire.U32();
        ReadOnlySpan<byte> body = wire.Take(wire.U32());
        if (wire.Bad || flavor != 1) return new RpcCredentials(flavor, null, 0, 0);
        var inside = new Wire(body);
        inside.Skip(4); // stamp
        ReadOnlySpan<byte> machine = inside.Take(inside.U32());
        // the reference reads on without the padding of the name, and so do its users' rules
        uint user = inside.U32(), group = inside.U32();
        return inside.Bad ? new RpcCredentials(flavor, null, 0, 0) : new RpcCredentials(flavor, machine.ToArray(), user, group);
    }

    /// <summary>Octets behind their length, padded to a multiple of four (RFC 4506 section 4.10).</summary>
    private static ReadOnlySpan<byte> Opaque(ref Wire wire)
    {
        uint length = wire.U32();
        ReadOnlySpan<byte> bytes = wire.Take(length);
        int padding = (int)(4 - (length & 3) & 3);
        wire.Skip(Math.Min(padding, wire.Left));
        return bytes;
    }

    private NfsTransaction Begin(uint xid, Call call)
    {
        NfsTransaction tx = state.Add(new NfsTransaction { Version = call.Version, Procedure = call.Procedure, Xid = xid, Credentials = call.Credentials, Handle = call.Handle, FileName = call.Name });
        call.Transaction = tx;
        if (state.Transactions.Count > maxTransactions)
            foreach (Transaction old in state.Transactions)
            {
                if (old == tx || old.ProgressToClient >= old.Complete) continue;
                ((NfsTransaction)old).Raise("too_many_transactions", true);
                Finish((NfsTransaction)old);
                break;
            }
        return tx;
    }

    private static void Finish(NfsTransaction tx)
    {
        foreach (AppFile file in tx.Files) file.Close(true);
        tx.ProgressToServer = tx.ProgressToClient = tx.Complete;
    }

    private void Reply(uint xid, ref Wire wire, int length)
    {
        if (!_calls.Remove(xid, out Call? call)) return;
        uint replyState = wire.U32();
        if (call.Transaction != null) call.Transaction.ReplyState = replyState;
        if (replyState == 0)
        {
            wire.Skip(4); // verifier
            Opaque(ref wire);
            wire.Skip(4); // accepted
            if (!wire.Bad)
                switch (call.Version)
                {
                    case 2: ReplyTwo(xid, call, ref wire); break;
                    case 3: ReplyThree(xid, call, ref wire, length); break;
                    case 4: ReplyFour(xid, call, ref wire); break;
                }
        }
        if (call.Transaction == null) return;
        call.Transaction.Answered = true;
        Finish(call.Transaction);
    }

    private void Name(ReadOnlySpan<byte> handle, byte[] name)
    {
        if (handle.IsEmpty) return;
        if (_names.Count >= MaxNames) _names.Clear();
        _names[Convert.ToHexString(handle)] = name;
    }

    private byte[] NameOf(ReadOnlySpan<byte> handle) => _names.TryGetValue(Convert.ToHexString(handle), out byte[]? name) ? name : [];

    /// <summary>All that is read, or written, of one file is one transaction; the first call begins it.</summary>
    private NfsTransaction FileOf(uint xid, Call call, bool toServer, out bool known)
    {
        var key = (Convert.ToHexString(call.Handle), toServer);
        known = _files.TryGetValue(key, out NfsTransaction? tx) && tx.Files[0].State == FileState.Open;
        if (known) return tx!;
        tx = Begin(xid, new Call { Version = call.Version, Procedure = call.Procedure, Handle = call.Handle, Name = call.Name, Credentials = toServer ? default : call.Credentials });
        tx.IsFile = true;
        tx.FileToServer = toServer;
        var file = new AppFile();
        file.Open(call.Name, toServer, _context.Options.Files, true);
        tx.Files.Add(file);
        tx.ProgressToServer = tx.ProgressToClient = 3;
        if (_files.Count >= MaxFiles) _files.Clear();
        _files[key] = tx;
        return tx;
    }

    /// <summary>A stretch of a file, read or written, of which <paramref name="announced"/> bytes are still to come.</summary>
    private NfsTransaction FileData(uint xid, Call call, bool toServer, ulong offset, ReadOnlySpan<byte> data, long announced, bool last)
    {
        NfsTransaction tx = FileOf(xid, call, toServer, out bool known);
        AppFile to = tx.Files[0];
        if (known) tx.Chunks++;
        if (offset > (ulong)to.Size) to.Gaps = true;
        if (offset < (ulong)to.Size)
        {
            int seen = (int)Math.Min((ulong)to.Size - offset, (ulong)data.Length);
            data = data[seen..];
        }
        to.Append(data);
        if (last)
        {
            tx.SeenLast = true;
            tx.LastXid = xid;
            _files.Remove((Convert.ToHexString(call.Handle), toServer));
        }
        Side side = toServer ? _client : _server;
        if (announced > 0)
        {
            side.File = tx;
            side.DataLeft = announced;
        }
        else if (last) End(tx, toServer);
        return tx;
    }

    /// <summary>A file that was read is done with; one that was written only when its connection ends.</summary>
    private static void End(NfsTransaction tx, bool toServer)
    {
        foreach (AppFile file in tx.Files) file.Close(true);
        if (toServer) tx.ProgressToServer = tx.Complete;
        else tx.ProgressToServer = tx.ProgressToClient = tx.Complete;
    }

    private void CloseFile(byte[] handle, bool complete)
    {
        foreach (bool toServer in (ReadOnlySpan<bool>)[true, false])
            if (_files.Remove((Convert.ToHexString(handle), toServer), out NfsTransaction? tx))
            {
                foreach (AppFile file in tx.Files) file.Close(complete);
                if (complete) tx.SeenLast = true;
                tx.ProgressToServer = tx.Complete;
                if (complete && !toServer) tx.ProgressToClient = tx.Complete;
            }
    }

    public override void Reset()
    {
        _calls.Clear();
        _names.Clear();
        _files.Clear();
    }

    public static bool ProbeStream(ReadOnlySpan<byte> bytes, bool toServer)
    {
        if (bytes.Length < 28) return false;
        int length = (bytes[0] & 0x7f) << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
        return length is >= 24 and <= MaxRecord && ProbeMessage(bytes[4..], toServer);
    }

    public static bool ProbeDatagram(ReadOnlySpan<byte> bytes) => bytes.Length >= 48 && (ProbeMessage(bytes, true) || ProbeMessage(bytes, false));

    private static bool ProbeMessage(ReadOnlySpan<byte> bytes, bool toServer)
    {
        var wire = new Wire(bytes);
        wire.Skip(4);
        uint type = wire.U32(), first = wire.U32(), second = wire.U32(), third = wire.U32();
        if (wire.Bad) return false;
        // a call names the program; a reply is accepted, and its verifier is none
        return toServer ? type == 0 && first == 2 && second == Program && third is >= 2 and <= 4 : type == 1 && first == 0 && second == 0 && third == 0;
    }
}
