namespace Appliance.Sensing.Engine.AppLayer.Nfs;

/// <summary>Version 4: a call is a list of operations on a current file handle.</summary>
internal sealed partial class NfsParser
{
    private const int MaxOperations = 64, StateId = 16, Verifier = 8;

    private void RequestFour(uint xid, Call call, ref Wire wire)
    {
        if (call.Procedure == 0)
        {
            Begin(xid, call);
            return;
        }
        Opaque(ref wire); // tag
        wire.Skip(4); // minor version
        uint count = wire.U32();
        var operations = new List<uint>();
        byte[] saved = [], name = [], newName = [];
        bool written = false;
        for (uint i = 0; i < count && i < MaxOperations && !wire.Bad; i++)
        {
            uint operation = wire.U32();
            if (wire.Bad) break;
            operations.Add(operation);
            switch (operation)
            {
                case 22: call.Handle = Opaque(ref wire).ToArray(); break; // PUTFH
                case 32: saved = call.Handle; break;
                case 31: call.Handle = saved; break;
                case 11 or 15 or 28 or 33: name = Opaque(ref wire).ToArray(); break; // LINK, LOOKUP, REMOVE, SECINFO
                case 29:
                    name = Opaque(ref wire).ToArray();
                    newName = Opaque(ref wire).ToArray();
                    break;
                case 18: name = Open(ref wire); break;
                case 6: name = Create(ref wire); break;
                case 25:
                    wire.Skip(StateId);
                    call.Offset = wire.U64();
                    wire.Skip(4);
                    call.Name = NameOf(call.Handle);
                    break;
                case 38:
                    wire.Skip(StateId);
                    ulong offset = wire.U64();
                    wire.Skip(4);
                    ReadOnlySpan<byte> data = Opaque(ref wire);
                    if (wire.Bad) break;
                    call.Name = NameOf(call.Handle);
                    FileData(xid, new Call { Version = 4, Procedure = 38, Handle = call.Handle, Name = call.Name }, true, offset, data, 0, false);
                    written = true;
                    break;
                case 4 or 5:
                    wire.Skip(operation == 4 ? 4 + StateId : 12);
                    if (!wire.Bad) CloseFile(call.Handle, true);
                    break;
                default:
                    if (!SkipArguments(operation, ref wire)) i = count;
                    break;
            }
        }
        call.Operations = operations;
        if (name.Length > 0) call.Name = name;
        if (written) return;
        NfsTransaction tx = Begin(xid, call);
        tx.Operations.AddRange(operations);
        tx.Procedure = Main(operations);
        if (newName.Length > 0) (tx.IsRename, tx.NewName) = (true, newName);
        if (wire.Bad) tx.Raise("malformed_data", true);
    }

    /// <summary>The operation a call is about: the last one that does more than move or describe the current handle.</summary>
    private static uint Main(List<uint> operations)
    {
        for (int i = operations.Count - 1; i >= 0; i--)
            if (operations[i] is not (9 or 10 or 22 or 24 or 31 or 32 or 53)) return operations[i];
        return operations.Count > 0 ? operations[^1] : 1;
    }

    private static byte[] Open(ref Wire wire)
    {
        wire.Skip(12); // sequence, access, deny
        wire.Skip(8);
        Opaque(ref wire); // owner
        if (wire.U32() == 1)
        {
            uint mode = wire.U32();
            if (mode is 2 or 3) wire.Skip(Verifier);
            if (mode is 0 or 1 or 3) SkipAttributes(ref wire);
        }
        switch (wire.U32())
        {
            case 0 or 3: return Opaque(ref wire).ToArray();
            case 1: wire.Skip(4); break;
            case 2:
                wire.Skip(StateId);
                return Opaque(ref wire).ToArray();
            case 5: wire.Skip(StateId); break;
        }
        return [];
    }

    private static byte[] Create(ref Wire wire)
    {
        uint type = wire.U32();
        if (type == 5) Opaque(ref wire);
        else if (type is 3 or 4) wire.Skip(8);
        byte[] name = Opaque(ref wire).ToArray();
        SkipAttributes(ref wire);
        return name;
    }

    private static void SkipBitmap(ref Wire wire) => wire.Skip(wire.U32() * 4L);

    private static void SkipAttributes(ref Wire wire)
    {
        SkipBitmap(ref wire);
        Opaque(ref wire);
    }

    /// <summary>Goes past the arguments of an operation that tells nothing here; false when their shape is not known.</summary>
    private static bool SkipArguments(uint operation, ref Wire wire)
    {
        switch (operation)
        {
            case 10 or 16 or 23 or 24 or 27: break; // GETFH, LOOKUPP, PUTPUBFH, PUTROOTFH, READLINK
            case 3 or 52 or 58: wire.Skip(4); break; // ACCESS, SECINFO_NO_NAME, RECLAIM_COMPLETE
            case 7 or 30 or 57: wire.Skip(8); break; // DELEGPURGE, RENEW, DESTROY_CLIENTID
            case 8 or 44 or 45: wire.Skip(StateId); break; // DELEGRETURN, DESTROY_SESSION, FREE_STATEID
            case 9: SkipBitmap(ref wire); break; // GETATTR
            case 20: wire.Skip(StateId + 4); break; // OPEN_CONFIRM
            case 21: wire.Skip(StateId + 12); break; // OPEN_DOWNGRADE
            case 26: // READDIR
                wire.Skip(24);
                SkipBitmap(ref wire);
                break;
            case 34: // SETATTR
                wire.Skip(StateId);
                SkipAttributes(ref wire);
                break;
            case 35: // SETCLIENTID
                wire.Skip(Verifier);
                Opaque(ref wire);
                wire.Skip(4);
                Opaque(ref wire);
                Opaque(ref wire);
                wire.Skip(4);
                break;
            case 36: wire.Skip(8 + Verifier); break; // SETCLIENTID_CONFIRM
            case 39: // RELEASE_LOCKOWNER
                wire.Skip(8);
                Opaque(ref wire);
                break;
            case 53: wire.Skip(StateId + 16); break; // SEQUENCE
            default: return false;
        }
        return !wire.Bad;
    }

    private void ReplyFour(uint xid, Call call, ref Wire wire)
    {
        uint status = wire.U32();
        if (wire.Bad) return;
        if (call.Transaction != null) call.Transaction.Status = status;
        Opaque(ref wire); // tag
        uint count = wire.U32();
        for (uint i = 0; i < count && i < MaxOperations && !wire.Bad; i++)
        {
            uint operation = wire.U32(), result = wire.U32();
            if (wire.Bad || result != 0 || !Result(xid, call, operation, ref wire)) return;
        }
    }

    private bool Result(uint xid, Call call, uint operation, ref Wire wire)
    {
        switch (operation)
        {
            case 10: // GETFH
                ReadOnlySpan<byte> handle = Opaque(ref wire);
                if (wire.Bad) return false;
                if (call.Name.Length > 0) Name(handle, call.Name);
                if (call.Transaction != null) call.Transaction.Handle = handle.ToArray();
                break;
            case 25: // READ
                bool end = wire.U32() == 1;
                ReadOnlySpan<byte> data = Opaque(ref wire);
                if (wire.Bad) return false;
                FileData(xid, new Call { Version = 4, Procedure = 25, Handle = call.Handle, Name = call.Name, Credentials = call.Credentials }, false, call.Offset, data, 0, end);
                break;
            case 3: wire.Skip(8); break; // ACCESS
            case 9: SkipAttributes(ref wire); break; // GETATTR
            case 15 or 16 or 22 or 23 or 24 or 31 or 32: break; // LOOKUP, LOOKUPP, PUTFH, PUTPUBFH, PUTROOTFH, RESTOREFH, SAVEFH
            case 18: // OPEN
                wire.Skip(StateId + 20 + 4);
                SkipBitmap(ref wire);
                uint delegation = wire.U32();
                if (delegation != 0) return false;
                break;
            case 53: wire.Skip(StateId + 20); break; // SEQUENCE
            default: return false;
        }
        return !wire.Bad;
    }
}
