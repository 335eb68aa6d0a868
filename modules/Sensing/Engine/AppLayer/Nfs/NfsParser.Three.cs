namespace Appliance.Sensing.Engine.AppLayer.Nfs;

/// <summary>Versions 2 and 3: one procedure a call.</summary>
internal sealed partial class NfsParser
{
    private const int HandleTwo = 32, AttributesTwo = 68, AttributesThree = 84, MaxEntries = 2048;

    private void RequestTwo(uint xid, Call call, ref Wire wire)
    {
        switch (call.Procedure)
        {
            case 4:
                call.Handle = wire.Take(HandleTwo).ToArray();
                call.Name = Opaque(ref wire).ToArray();
                break;
            case 6:
                call.Handle = wire.Take(HandleTwo).ToArray();
                call.Offset = wire.U32();
                call.Name = NameOf(call.Handle);
                if (wire.Bad) break;
                FileOf(xid, call, false, out _);
                return;
        }
        NfsTransaction tx = Begin(xid, call);
        if (wire.Bad) tx.Raise("malformed_data", true);
        if (call.Procedure == 4) tx.Handle = [];
    }

    private void ReplyTwo(uint xid, Call call, ref Wire wire)
    {
        uint status = wire.U32();
        if (wire.Bad) return;
        if (call.Transaction != null) call.Transaction.Status = status;
        if (call.Procedure == 4 && status == 0)
        {
            ReadOnlySpan<byte> handle = wire.Take(HandleTwo);
            if (wire.Bad) return;
            Name(handle, call.Name);
            if (call.Transaction != null) call.Transaction.Handle = handle.ToArray();
        }
        else if (call.Procedure == 6 && status == 0)
        {
            wire.Skip(AttributesTwo);
            uint length = wire.U32();
            ReadOnlySpan<byte> data = wire.Take(Math.Min(length, (uint)Math.Max(wire.Left, 0)));
            if (!wire.Bad) FileData(xid, call, false, call.Offset, data, 0, false);
        }
    }

    private void RequestThree(uint xid, Call call, ref Wire wire, int length)
    {
        switch (call.Procedure)
        {
            case 1 or 4: // GETATTR, ACCESS
                call.Handle = Opaque(ref wire).ToArray();
                call.Name = NameOf(call.Handle);
                break;
            case 3 or 8 or 9 or 12 or 13 or 14: // LOOKUP, CREATE, MKDIR, REMOVE, RMDIR, RENAME
                call.Handle = Opaque(ref wire).ToArray();
                call.Name = Opaque(ref wire).ToArray();
                break;
            case 17: call.Handle = Opaque(ref wire).ToArray(); break; // READDIRPLUS
            case 6: // READ
                call.Handle = Opaque(ref wire).ToArray();
                call.Offset = wire.U64();
                call.Name = NameOf(call.Handle);
                if (wire.Bad) break;
                FileOf(xid, call, false, out _);
                return;
            case 7:
                Write(xid, call, ref wire, length);
                return;
            case 21: // COMMIT
                CloseFile(Opaque(ref wire).ToArray(), false);
                return;
        }
        NfsTransaction tx = Begin(xid, call);
        if (call.Procedure == 3) tx.Handle = []; // that of what is looked up comes with the reply
        if (call.Procedure == 14)
        {
            Opaque(ref wire);
            tx.NewName = Opaque(ref wire).ToArray();
            tx.IsRename = true;
        }
        if (wire.Bad) tx.Raise("malformed_data", true);
    }

    private void Write(uint xid, Call call, ref Wire wire, int length)
    {
        call.Handle = Opaque(ref wire).ToArray();
        ulong offset = wire.U64();
        wire.Skip(4); // count
        uint stable = wire.U32(), size = wire.U32();
        if (wire.Bad || size > length) return;
        call.Name = NameOf(call.Handle);
        ReadOnlySpan<byte> data = wire.Take(Math.Min(size, (uint)wire.Left));
        FileData(xid, call, true, offset, data, size - data.Length, stable == 2);
    }

    private void ReplyThree(uint xid, Call call, ref Wire wire, int length)
    {
        uint status = wire.U32();
        if (wire.Bad) return;
        if (call.Transaction != null) call.Transaction.Status = status;
        switch (call.Procedure)
        {
            case 3: // LOOKUP; the reference looks for a handle whatever the status
                ReadOnlySpan<byte> found = wire.Take(wire.U32());
                if (wire.Bad) break;
                if (call.Transaction != null) call.Transaction.Handle = found.ToArray();
                if (status == 0) Name(found, call.Name);
                break;
            case 8 when status == 0: // CREATE
                if (wire.U32() != 1) break;
                ReadOnlySpan<byte> made = wire.Take(wire.U32());
                if (!wire.Bad) Name(made, call.Name);
                break;
            case 6 when status == 0: Read(xid, call, ref wire, length); break;
            case 17 when status == 0: Entries(ref wire); break;
        }
    }

    private void Read(uint xid, Call call, ref Wire wire, int length)
    {
        if (wire.U32() == 1) wire.Skip(AttributesThree);
        wire.Skip(4); // count
        uint end = wire.U32(), size = wire.U32();
        if (wire.Bad || size > length) return;
        ReadOnlySpan<byte> data = wire.Take(Math.Min(size, (uint)wire.Left));
        FileData(xid, call, false, call.Offset, data, size - data.Length, end == 1);
    }

    /// <summary>What a directory holds: handles get their names.</summary>
    private void Entries(ref Wire wire)
    {
        if (wire.U32() == 1) wire.Skip(AttributesThree);
        wire.Skip(8); // verifier
        for (int i = 0; i < MaxEntries && !wire.Bad && wire.U32() == 1; i++)
        {
            wire.Skip(8); // file id
            byte[] name = Opaque(ref wire).ToArray();
            wire.Skip(8); // cookie
            if (wire.U32() == 1) wire.Skip(AttributesThree);
            if (wire.U32() != 1) continue;
            ReadOnlySpan<byte> handle = Opaque(ref wire);
            if (!wire.Bad) Name(handle, name);
        }
    }
}
