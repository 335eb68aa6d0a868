using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Nfs;

/// <summary>Who calls, as the credentials of a call say (RFC 5531 section 8).</summary>
internal readonly record struct RpcCredentials(uint Flavor, byte[]? Machine, uint User, uint Group);

/// <summary>A call and its reply, or all that is read or written of one file.</summary>
internal sealed class NfsTransaction : Transaction
{
    public int Version;
    public uint Procedure, Xid;
    public uint Status, ReplyState;
    public RpcCredentials Credentials;
    public byte[] Handle = [], FileName = [], NewName = [];
    public bool IsRename;

    /// <summary>Operations of a compound call (version 4), beside the one that names it.</summary>
    public readonly List<uint> Operations = new(0);

    // of a file
    public bool IsFile;
    public bool FileToServer;
    public uint LastXid, Chunks;
    public bool SeenLast;

    public override int Complete => 5;
    public override bool InspectsEveryChunk => true;

    public bool Answered;
    public override bool AnswerEndsIt => Answered;

    // attributes are asked for too often to be told of
    public override bool HasRecord => !(Procedure == 1 && Version is 2 or 3) && (!IsFile || SeenLast);

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (buffer != BufferId.FileData || Files.Count == 0 || index > 0 || Files[0].ToServer != toServer) return false;
        bytes = Files[0].Bytes.Span;
        return true;
    }

    public override long StreamedBytes(BufferId buffer, bool toServer) => Files.Count > 0 && Files[0].ToServer == toServer ? Files[0].Size : 0;

    public bool HasProcedure(Func<long, bool> fits)
    {
        if (Operations.Count == 0) return fits(Procedure);
        foreach (uint operation in Operations)
            if (fits(operation)) return true;
        return false;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("rpc"u8);
        to.Number("xid"u8, Xid);
        to.Text("status"u8, ReplyState == 0 ? "ACCEPTED"u8 : "DENIED"u8);
        switch (Credentials.Flavor)
        {
            case 0: to.Text("auth_type"u8, "NULL"u8); break;
            case 1:
                to.Text("auth_type"u8, "UNIX"u8);
                if (Credentials.Machine == null) break;
                to.Open("creds"u8);
                to.Text("machine_name"u8, Credentials.Machine);
                to.Number("uid"u8, Credentials.User);
                to.Number("gid"u8, Credentials.Group);
                to.Close();
                break;
            case 6: to.Text("auth_type"u8, "GSS"u8); break;
            default: to.Text("auth_type"u8, $"{Credentials.Flavor}"); break;
        }
        to.Close();
        to.Open("nfs"u8);
        to.Number("version"u8, Version);
        to.Text("procedure"u8, NfsNames.Procedure(Version, Procedure));
        to.Text("filename"u8, FileName);
        if (Handle.Length > 0) to.Text("hhash"u8, Convert.ToHexStringLower(HashOf(Handle)));
        to.Number("id"u8, Id + 1);
        to.Bool("file_tx"u8, IsFile);
        if (IsFile) WriteFile(to);
        if (IsRename)
        {
            to.Open("rename"u8);
            to.Text("from"u8, FileName);
            to.Text("to"u8, NewName);
            to.Close();
        }
        to.Text("type"u8, "response"u8);
        to.Text("status"u8, NfsNames.Status(Status));
        to.Close();
        return true;
    }

    private void WriteFile(EveWriter to)
    {
        to.Open(FileToServer ? "write"u8 : "read"u8);
        to.Bool("first"u8, true);
        to.Bool("last"u8, SeenLast);
        to.Number("last_xid"u8, LastXid);
        to.Number("chunks"u8, Chunks);
        to.Close();
    }

    /// <summary>CRC-32 as in IEEE 802.3, of a file's handle: handles are long, and only their sameness matters.</summary>
    private static byte[] HashOf(byte[] handle)
    {
        uint sum = uint.MaxValue;
        foreach (byte b in handle)
        {
            sum ^= b;
            for (int bit = 0; bit < 8; bit++) sum = (sum & 1) != 0 ? sum >> 1 ^ 0xedb88320 : sum >> 1;
        }
        var hash = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(hash, ~sum);
        return hash;
    }
}
