namespace Appliance.Sensing.Engine.AppLayer.Smb;

internal sealed partial class SmbParser
{
    private const int Echo = 0x2b, Negotiate = 0x72, SessionSetup = 0x73, TreeConnect = 0x75, NtCreate = 0xa2, Write = 0x2f, Read = 0x2e, Close = 0x04, Trans = 0x25, Trans2 = 0x32;
    private readonly Dictionary<ulong, (byte[] File, ulong Offset)> _readsOne = [];
    private readonly Dictionary<ulong, byte[]> _transOne = [];

    /// <summary>One message, with the commands chained to it (MS-CIFS section 2.2.3.4).</summary>
    /// <summary>Where the second flags say that statuses are those of NT (MS-CIFS section 2.2.3.1).</summary>
    private const int NtStatusAt = 11, NtStatus = 0x40;

    private void MessageOne(ParseContext context, bool toServer, ReadOnlySpan<byte> m, int whole, Side side)
    {
        if (m.Length < 35) return;
        var head = new Wire(m, true) { At = 5 };
        uint status = head.U32();
        byte flags = head.U8();
        ushort flags2 = head.U16();
        head.At = 24;
        uint tree = head.U16();
        head.Skip(2);
        ulong session = head.U16(), message = head.U16() | (ulong)m[26] << 16 | (ulong)m[27] << 24;
        bool unicode = (flags2 & 0x8000) != 0;
        if ((flags & 0x80) != 0 == toServer) return;
        int command = m[4], at = 32;
        for (int guard = 0; guard < 8; guard++)
        {
            if (toServer) RequestOne(context, command, session, tree, message, unicode, m, at, whole, side);
            else ResponseOne(context, command, session, tree, message, status, unicode, m, at, whole, side);
            // the next command of the chain: its code and where it stands
            if (command is not (0x24 or Read or Write or SessionSetup or 0x74 or TreeConnect or NtCreate or 0x2d) || at + 5 > m.Length || m[at] < 2 || m[at + 1] == 0xff) return;
            int next = m[at + 3] | m[at + 4] << 8;
            if (next <= at || next + 3 > m.Length) return;
            command = m[at + 1];
            at = next;
        }
    }

    private void RequestOne(ParseContext context, int command, ulong session, uint tree, ulong message, bool unicode, ReadOnlySpan<byte> m, int at, int whole, Side side)
    {
        int words = m[at] * 2;
        var wire = new Wire(m, true) { At = at + 1 };
        int bytesAt = at + 1 + words + 2;
        SmbTransaction tx;
        switch (command)
        {
            case Negotiate:
                tx = Begin(false, command, 0, 0, message);
                tx.Detail = SmbDetail.Negotiate;
                tx.Dialects = [];
                wire.At = Math.Min(bytesAt, m.Length);
                while (!wire.Bad && wire.Left > 1 && tx.Dialects.Count < 64 && wire.U8() == 2)
                {
                    ReadOnlySpan<byte> dialect = wire.TakeZeroEnded();
                    if (!wire.Bad) tx.Dialects.Add(dialect.ToArray());
                }
                break;
            case SessionSetup:
            {
                tx = Begin(false, command, session, tree, message);
                tx.Detail = SmbDetail.Session;
                if (words != 24) break;
                wire.Skip(14);
                int blob = wire.U16();
                wire.At = Math.Min(bytesAt, m.Length);
                tx.Authentication = SmbAuthentication.Read(wire.Take(blob));
                Strings(ref wire, unicode, out tx.NativeOs, out tx.NativeLm);
                break;
            }
            case TreeConnect:
            {
                tx = Begin(false, command, session, 0, message);
                tx.Detail = SmbDetail.Tree;
                wire.Skip(6);
                int password = wire.U16();
                wire.At = Math.Min(bytesAt, m.Length);
                wire.Skip(password);
                tx.Share = Text(ref wire, unicode);
                if (tx.Share is [(byte)'\\', (byte)'\\', ..]) tx.Share = tx.Share[1..];
                tx.Service = wire.TakeZeroEnded().ToArray();
                break;
            }
            case NtCreate:
            {
                tx = Begin(false, command, session, tree, message);
                tx.Detail = SmbDetail.Create;
                wire.Skip(5);
                int length = wire.U16();
                wire.Skip(28);
                tx.Disposition = wire.U32();
                tx.Options = wire.U32();
                tx.Directory = (tx.Options & 1) != 0;
                tx.DeleteOnClose = (tx.Options & 0x1000) != 0;
                wire.At = Math.Min(bytesAt, m.Length);
                if (unicode && (wire.At & 1) != 0) wire.Skip(1);
                tx.FileName = SmbAuthentication.Plain(wire.Take(Math.Min(length, wire.Left)));
                break;
            }
            case Write: WriteOne(context, session, tree, message, m, ref wire, words, whole, side); break;
            case Read:
            {
                wire.Skip(4);
                byte[] id = wire.Take(2).ToArray();
                ulong offset = wire.U32();
                if (words >= 24)
                {
                    wire.Skip(10);
                    offset |= (ulong)wire.U32() << 32;
                }
                if (!wire.Bad) Keep(_readsOne, message, (id, offset));
                break;
            }
            case Close:
                tx = Begin(false, command, session, tree, message);
                tx.FileId = wire.Take(2).ToArray();
                CloseFile(tx.FileId);
                break;
            case Trans:
            {
                // a pipe's transaction: two words of set-up, the second is the file (MS-CIFS section 2.2.5.6)
                wire.Skip(22);
                int length = wire.U16(), offset = wire.U16();
                int setup = wire.U8();
                wire.Skip(1);
                int function = wire.U16();
                byte[] id = wire.Take(2).ToArray();
                if (setup != 2 || function != 0x26 || wire.Bad || !RpcRequest(false, command, session, tree, message, id, At(m, offset, length))) break;
                Keep(_transOne, message, id);
                break;
            }
            case Trans2: break;
            default: Begin(false, command, session, tree, message); break;
        }
    }

    private void WriteOne(ParseContext context, ulong session, uint tree, ulong message, ReadOnlySpan<byte> m, ref Wire wire, int words, int whole, Side side)
    {
        wire.Skip(4);
        ReadOnlySpan<byte> id = wire.Take(2);
        ulong offset = wire.U32();
        wire.Skip(8);
        uint high = wire.U16(), length = wire.U16() | high << 16;
        int at = wire.U16();
        if (words >= 28) offset |= (ulong)wire.U32() << 32;
        if (wire.Bad || at > m.Length) return;
        ReadOnlySpan<byte> data = m.Slice(at, (int)Math.Min(length, (uint)(m.Length - at)));
        bool pipe = _trees.TryGetValue((session, tree), out Opened? share) && share.Pipe;
        if (pipe)
        {
            if (!RpcRequest(false, Write, session, tree, message, id, data)) ForeignRequest(false, Write, session, tree, message, id, data);
            return;
        }
        FileData(context, false, Write, true, id, session, tree, offset, data, length, side);
        side.DataLeft = (uint)Math.Max(0, Math.Min(length, (uint)(whole - at)) - data.Length);
    }

    private void ResponseOne(ParseContext context, int command, ulong session, uint tree, ulong message, uint status, bool unicode, ReadOnlySpan<byte> m, int at, int whole, Side side)
    {
        int words = m[at] * 2;
        var wire = new Wire(m, true) { At = at + 1 };
        int bytesAt = at + 1 + words + 2;
        if (command == Read)
        {
            if (!_readsOne.Remove(message, out var asked) || words < 24 || status is not (0 or 0x80000005)) return;
            wire.Skip(10);
            uint length = wire.U16();
            int start = wire.U16();
            length |= (uint)wire.U16() << 16;
            if (wire.Bad || start > m.Length) return;
            ReadOnlySpan<byte> data = m.Slice(start, (int)Math.Min(length, (uint)(m.Length - start)));
            if (_trees.TryGetValue((session, tree), out Opened? share) && share.Pipe)
            {
                RpcResponse(asked.File, data, status);
                return;
            }
            FileData(context, false, Read, false, asked.File, session, tree, asked.Offset, data, length, side);
            side.DataLeft = (uint)Math.Max(0, Math.Min(length, (uint)(whole - start)) - data.Length);
            return;
        }
        if (command == Trans && _transOne.Remove(message, out byte[]? pipe))
        {
            wire.Skip(12);
            int length = wire.U16(), start = wire.U16();
            RpcResponse(pipe, At(m, start, length), status);
            return;
        }
        if (command == Write) ForeignTaken(command, message, status);
        SmbTransaction? tx = Waiting(false, command, session, message);
        if (tx == null) return;
        (tx.Answered, tx.Status, tx.DosError) = (true, status, (m[NtStatusAt] & NtStatus) == 0);
        if (session != 0 && command != Negotiate) tx.Session = session;
        switch (command)
        {
            case Negotiate:
            {
                int index = wire.U16();
                if (tx.Dialects != null && index < tx.Dialects.Count) _dialectOne = tx.Dialects[index];
                // extended security: the server's identifier stands first (MS-SMB section 2.2.4.5.2.1)
                if (words == 34 && m.Length >= bytesAt + 16) tx.ServerGuid = m.Slice(bytesAt, 16).ToArray();
                break;
            }
            case SessionSetup:
            {
                int blob = 0;
                if (words >= 8)
                {
                    wire.Skip(6);
                    blob = wire.U16();
                }
                wire.At = Math.Min(bytesAt, m.Length);
                wire.Skip(blob);
                Strings(ref wire, unicode, out tx.AnswerOs, out tx.AnswerLm);
                break;
            }
            case TreeConnect:
                wire.At = Math.Min(bytesAt, m.Length);
                tx.AnswerService = wire.TakeZeroEnded().ToArray();
                tx.IsPipe = tx.AnswerService.AsSpan().SequenceEqual("IPC"u8);
                tx.Tree = tree;
                if (status == 0) Keep(_trees, (session, tree), new Opened(tx.Share, tx.IsPipe));
                break;
            case NtCreate when status == 0:
                wire.Skip(5);
                tx.FileId = wire.Take(2).ToArray();
                wire.Skip(4);
                (tx.Created, tx.Accessed, tx.Modified, tx.Changed) = (UnixTime(wire.U64()), UnixTime(wire.U64()), UnixTime(wire.U64()), UnixTime(wire.U64()));
                wire.Skip(12);
                tx.Size = wire.U64();
                if (tx.FileId.Length == 2) Keep(_opened, Key(tx.FileId), new Opened(tx.FileName, false));
                break;
            default: break;
        }
        Finish(tx);
    }

    private static byte[] Text(ref Wire wire, bool unicode)
    {
        if (!unicode) return wire.TakeZeroEnded().ToArray();
        if ((wire.At & 1) != 0) wire.Skip(1);
        ReadOnlySpan<byte> rest = wire.Rest;
        int end = 0;
        while (end + 1 < rest.Length && (rest[end] != 0 || rest[end + 1] != 0)) end += 2;
        byte[] text = SmbAuthentication.Plain(rest[..Math.Min(end, rest.Length)]);
        wire.Skip(Math.Min(end + 2, wire.Left));
        return text;
    }

    private static void Strings(ref Wire wire, bool unicode, out byte[] os, out byte[] lm)
    {
        os = Text(ref wire, unicode);
        lm = Text(ref wire, unicode);
    }
}
