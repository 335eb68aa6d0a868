namespace Appliance.Sensing.Engine.AppLayer.Smb;

internal sealed partial class SmbParser
{
    private const uint Pending = 0x103, PipeTransceive = 0x0011c017;

    /// <summary>One message, or several bound together by the offset of the next (MS-SMB2 section 2.2.1).</summary>
    private void MessagesTwo(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, int whole, Side side)
    {
        ulong session = 0;
        uint tree = 0;
        for (int guard = 0; guard < 64 && bytes.Length >= 64; guard++)
        {
            var head = new Wire(bytes, true) { At = 8 };
            uint status = head.U32();
            int command = head.U16();
            head.Skip(2);
            uint flags = head.U32(), next = head.U32();
            ulong message = head.U64();
            bool related = guard > 0 && (flags & 4) != 0;
            if ((flags & 2) != 0) head.Skip(8); // asynchronous: no tree is named
            else
            {
                head.Skip(4);
                uint named = head.U32();
                if (!(related && named == uint.MaxValue)) tree = named;
            }
            ulong owner = head.U64();
            if (!(related && owner == ulong.MaxValue)) session = owner;
            bool last = next < 64 || next >= bytes.Length;
            ReadOnlySpan<byte> one = last ? bytes : bytes[..(int)next];
            if ((flags & 1) == 0 == toServer)
            {
                if (toServer) RequestTwo(context, command, session, tree, message, one, last ? whole : one.Length, side);
                else ResponseTwo(context, command, session, tree, message, status, one, last ? whole : one.Length, side, (flags & 2) != 0);
            }
            if (last) return;
            bytes = bytes[(int)next..];
            whole -= (int)next;
        }
    }

    private void RequestTwo(ParseContext context, int command, ulong session, uint tree, ulong message, ReadOnlySpan<byte> m, int whole, Side side)
    {
        var wire = new Wire(m, true) { At = 64 };
        SmbTransaction tx;
        switch (command)
        {
            case 0:
            {
                tx = Begin(true, command, session, tree, message);
                tx.Detail = SmbDetail.Negotiate;
                wire.Skip(2);
                int count = wire.U16();
                wire.Skip(8);
                tx.ClientGuid = wire.Take(16).ToArray();
                wire.Skip(8);
                tx.Dialects = [];
                for (int i = 0; i < count && i < 64 && !wire.Bad; i++)
                {
                    int dialect = wire.U16();
                    if (!wire.Bad) tx.Dialects.Add(System.Text.Encoding.ASCII.GetBytes(SmbNames.Dialect(dialect)));
                }
                break;
            }
            case 1:
                tx = Begin(true, command, session, tree, message);
                tx.Detail = SmbDetail.Session;
                wire.Skip(12);
                tx.Authentication = SmbAuthentication.Read(At(m, wire.U16(), wire.U16()));
                break;
            case 3:
                tx = Begin(true, command, session, tree, message);
                tx.Detail = SmbDetail.Tree;
                wire.Skip(4);
                tx.Share = SmbAuthentication.Plain(At(m, wire.U16(), wire.U16()));
                break;
            case 5:
                tx = Begin(true, command, session, tree, message);
                tx.Detail = SmbDetail.Create;
                wire.Skip(36);
                tx.Disposition = wire.U32();
                tx.Options = wire.U32();
                tx.Directory = (tx.Options & 1) != 0;
                tx.DeleteOnClose = (tx.Options & 0x1000) != 0;
                tx.FileName = SmbAuthentication.Plain(At(m, wire.U16(), wire.U16()));
                break;
            case 6:
                tx = Begin(true, command, session, tree, message);
                wire.Skip(8);
                tx.FileId = wire.Take(16).ToArray();
                break;
            case 8:
            {
                wire.Skip(8);
                ulong offset = wire.U64();
                ReadOnlySpan<byte> id = wire.Take(16);
                if (!wire.Bad) Keep(_reads, message, (Key(id), offset));
                if (!wire.Bad) _readIds[message] = id.ToArray();
                if (_readIds.Count > MaxKept) _readIds.Clear();
                break;
            }
            case 9:
            {
                wire.Skip(2);
                int at = wire.U16();
                uint length = wire.U32();
                ulong offset = wire.U64();
                ReadOnlySpan<byte> id = wire.Take(16);
                if (wire.Bad || at > m.Length) return;
                ReadOnlySpan<byte> data = m.Slice(at, (int)Math.Min(length, (uint)(m.Length - at)));
                if (IsPipe(id, session, tree) && (RpcRequest(true, command, session, tree, message, id, data) || _trees.ContainsKey((session, tree)))) return;
                tx = FileData(context, true, command, true, id, session, tree, offset, data, length, side);
                side.DataLeft = (uint)Math.Max(0, Math.Min(length, (uint)(whole - at)) - data.Length);
                break;
            }
            case 11:
            {
                wire.Skip(4);
                uint function = wire.U32();
                ReadOnlySpan<byte> id = wire.Take(16);
                uint at = wire.U32(), length = wire.U32();
                if (function == PipeTransceive && RpcRequest(true, command, session, tree, message, id, At(m, (int)Math.Min(at, int.MaxValue), (int)Math.Min(length, int.MaxValue))))
                {
                    _transceive[message] = id.ToArray();
                    if (_transceive.Count > MaxKept) _transceive.Clear();
                    return;
                }
                tx = Begin(true, command, session, tree, message);
                tx.Detail = SmbDetail.Ioctl;
                tx.Function = function;
                break;
            }
            case 17: SetInformation(session, tree, message, m, ref wire); break;
            case 16 or 12: break;
            default: Begin(true, command, session, tree, message); break;
        }
    }

    private readonly Dictionary<ulong, byte[]> _readIds = [], _transceive = [];

    private static ReadOnlySpan<byte> At(ReadOnlySpan<byte> m, int at, int length) => at < 0 || length < 0 || at > m.Length || length > m.Length - at ? default : m.Slice(at, length);

    private bool IsPipe(ReadOnlySpan<byte> id, ulong session, uint tree) =>
        // of a tree that was connected before we listened nothing is known: then the bytes decide
        _opened.TryGetValue(Key(id), out Opened? opened) && opened.Pipe || !_trees.TryGetValue((session, tree), out Opened? share) || share.Pipe;

    /// <summary>Renaming and deleting (MS-FSCC sections 2.4.42 and 2.4.11).</summary>
    private void SetInformation(ulong session, uint tree, ulong message, ReadOnlySpan<byte> m, ref Wire wire)
    {
        wire.Skip(2);
        byte kind = wire.U8(), level = wire.U8();
        uint length = wire.U32();
        int at = wire.U16();
        wire.Skip(6);
        ReadOnlySpan<byte> id = wire.Take(16);
        ReadOnlySpan<byte> data = At(m, at, (int)Math.Min(length, int.MaxValue));
        if (wire.Bad || kind != 1 || level is not (10 or 13) || data.IsEmpty) return;
        SmbTransaction tx = Begin(true, 17, session, tree, message);
        tx.FileId = id.ToArray();
        tx.FileName = _opened.TryGetValue(Key(id), out Opened? opened) ? opened.Name : [];
        if (level == 13)
        {
            tx.Detail = SmbDetail.Disposition;
            tx.DeleteOnClose = (data[0] & 1) != 0;
            return;
        }
        tx.Detail = SmbDetail.Rename;
        var rename = new Wire(data, true) { At = Math.Min(16, data.Length) };
        uint name = rename.U32();
        tx.NewName = SmbAuthentication.Plain(rename.Take(name));
    }

    private void ResponseTwo(ParseContext context, int command, ulong session, uint tree, ulong message, uint status, ReadOnlySpan<byte> m, int whole, Side side, bool async)
    {
        if (status == Pending && async) return; // the answer proper comes later
        var wire = new Wire(m, true) { At = 64 };
        if (command == 8)
        {
            ReadAnswer(context, session, tree, message, status, m, whole, side, ref wire);
            return;
        }
        if (command == 11 && _transceive.Remove(message, out byte[]? pipe))
        {
            wire.Skip(32);
            uint at = wire.U32(), length = wire.U32();
            RpcResponse(pipe, At(m, (int)Math.Min(at, int.MaxValue), (int)Math.Min(length, int.MaxValue)), status);
            return;
        }
        SmbTransaction? tx = Waiting(true, command, session, message) ?? (command == 0 ? Waiting(false, 0x72, session, 0) ?? OldNegotiation() : null);
        if (tx == null) return;
        (tx.Answered, tx.Status) = (true, status);
        if (session != 0) tx.Session = session;
        switch (command)
        {
            case 0 when status == 0:
                wire.Skip(4);
                _dialect = wire.U16();
                wire.Skip(2);
                tx.ServerGuid = wire.Take(16).ToArray();
                wire.Skip(8);
                (tx.MaxRead, tx.MaxWrite) = (wire.U32(), wire.U32());
                break;
            case 3 when status == 0:
                wire.Skip(2);
                tx.ShareType = wire.U8();
                tx.IsPipe = tx.ShareType == 2;
                tx.Tree = tree;
                Keep(_trees, (session, tree), new Opened(tx.Share, tx.IsPipe));
                break;
            case 5 when status == 0:
                wire.Skip(8);
                (tx.Created, tx.Accessed, tx.Modified, tx.Changed) = (UnixTime(wire.U64()), UnixTime(wire.U64()), UnixTime(wire.U64()), UnixTime(wire.U64()));
                wire.Skip(8);
                tx.Size = wire.U64();
                wire.Skip(8);
                tx.FileId = wire.Take(16).ToArray();
                if (!wire.Bad) Keep(_opened, Key(tx.FileId), new Opened(tx.FileName, _trees.TryGetValue((session, tx.Tree), out Opened? share) && share.Pipe));
                break;
            case 6: CloseFile(tx.FileId); break;
            default: break;
        }
        Finish(tx);
    }

    private SmbTransaction? OldNegotiation()
    {
        foreach (Transaction t in state.Transactions)
            if (t is SmbTransaction { Two: false, Command: 0x72, Answered: false } tx) return tx;
        return null;
    }

    private void ReadAnswer(ParseContext context, ulong session, uint tree, ulong message, uint status, ReadOnlySpan<byte> m, int whole, Side side, ref Wire wire)
    {
        if (!_reads.Remove(message, out var asked)) return;
        _readIds.Remove(message, out byte[]? id);
        if (status is not (0 or 0x80000005) || id == null) return;
        wire.Skip(2);
        int at = wire.U8();
        wire.Skip(1);
        uint length = wire.U32();
        if (wire.Bad || at > m.Length) return;
        ReadOnlySpan<byte> data = m.Slice(at, (int)Math.Min(length, (uint)(m.Length - at)));
        if (IsPipe(id, session, tree) && (RpcResponse(id, data, status) || _trees.ContainsKey((session, tree))))
        {
            // what an answer without a tree made a file of stays one: more of the pipe is told as data seen before
            if (_fileOf.TryGetValue(Key(id), out SmbTransaction? file) && file.Files.Count > 0 && asked.Offset < (ulong)file.Files[0].Size) file.RaiseAgain("file_overlap", false);
            return;
        }
        FileData(context, true, 8, false, id, session, tree, asked.Offset, data, length, side);
        side.DataLeft = (uint)Math.Max(0, Math.Min(length, (uint)(whole - at)) - data.Length);
    }

    /// <summary>From 100 ns since 1601 to seconds since 1970; what lies before is 0.</summary>
    private static uint UnixTime(ulong time) => time < 116444736000000000 ? 0 : (uint)Math.Min((time - 116444736000000000) / 10_000_000, uint.MaxValue);
}
