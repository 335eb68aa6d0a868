using System.Globalization;
using Appliance.Sensing.Engine.AppLayer.Dcerpc;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Smb;

internal enum SmbDetail : byte { None, Negotiate, Session, Tree, Create, File, Rpc, Ioctl, Rename, Disposition }

/// <summary>One exchange of SMB, or one file that is read or written in many.</summary>
internal sealed class SmbTransaction : Transaction, IRpcCarrier
{
    public required SmbParser Owner;
    public bool Two;
    public int Command;
    public ulong Session, MessageId;
    public uint Tree;
    public bool Answered;
    public uint Status;
    public bool DosError;            // the status is a class and a code
    public SmbDetail Detail;

    public List<byte[]>? Dialects;
    public byte[] ClientGuid = [], ServerGuid = [];
    public uint MaxRead, MaxWrite;
    public SmbAuthentication? Authentication;
    public byte[] NativeOs = [], NativeLm = [], AnswerOs = [], AnswerLm = [];
    public byte[] Share = [], Service = [], AnswerService = [];
    public bool IsPipe;
    public byte ShareType;
    public byte[] FileName = [];
    public byte[] FileId = [];                                 // 16 bytes of SMB2, 2 of SMB1
    public uint Disposition, Options, Function;
    public bool Directory, DeleteOnClose;
    public uint Created, Accessed, Modified, Changed;
    public ulong Size;
    public byte[] NewName = [];
    public RpcCall? Call;

    public readonly List<SmbParser.Parked> Ahead = new(0);

    public RpcCall? Rpc => Call;
    public override int Complete => 5;
    public override bool RecordFollowsFlow => true;
    public override bool LittleEndian => Call?.LittleEndian ?? false;
    public override bool InspectsEveryChunk => true;

    public override long StreamedBytes(BufferId buffer, bool toServer)
    {
        long total = 0;
        foreach (AppFile file in Files)
            if (file.ToServer == toServer) total += file.Size;
        return total;
    }

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (buffer is BufferId.FileData or BufferId.FileName)
        {
            foreach (AppFile file in Files)
                if (file.ToServer == toServer && index-- == 0)
                {
                    bytes = buffer == BufferId.FileData ? file.Bytes.Span : file.Name;
                    return true;
                }
            return false;
        }
        if (index > 0) return false;
        switch (buffer)
        {
            case BufferId.DceStubData: return Call != null && Call.TryGet(toServer, out bytes);
            case BufferId.SmbNamedPipe when IsPipe && Detail == SmbDetail.Tree: bytes = Share; break;
            case BufferId.SmbShare when !IsPipe && Detail == SmbDetail.Tree: bytes = Share; break;
            case BufferId.SmbNtlmsspUser when Authentication is { Ntlm: true }: bytes = Authentication.User; break;
            case BufferId.SmbNtlmsspDomain when Authentication is { Ntlm: true }: bytes = Authentication.Domain; break;
            default: break;
        }
        return !bytes.IsEmpty;
    }

    public override void Reset()
    {
        base.Reset();
        Call?.Reset();
        foreach (SmbParser.Parked parked in Ahead) parked.Bytes.Release();
        Ahead.Clear();
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("smb"u8);
        to.Number("id"u8, Id + 1);
        to.Text("dialect"u8, Owner.DialectName);
        to.Text("command"u8, SmbNames.Command(Two, Command));
        if (Answered)
        {
            // MS-CIFS section 2.2.3.1: class and code of DOS times, where the client does not understand the others
            to.Text("status"u8, DosError ? string.Create(CultureInfo.InvariantCulture, $"UNKNOWN_{Status & 0xff:x2}_{Status >> 16:x4}") : SmbNames.State(Status));
            to.Text("status_code"u8, DosError ? string.Create(CultureInfo.InvariantCulture, $"0x{Status >> 16:x4}") : string.Create(CultureInfo.InvariantCulture, $"0x{Status:x}"));
        }
        to.Number("session_id"u8, (long)Session);
        to.Number("tree_id"u8, Tree);
        switch (Detail)
        {
            case SmbDetail.Negotiate: WriteNegotiate(to); break;
            case SmbDetail.Session: WriteSession(to); break;
            case SmbDetail.Tree: WriteTree(to); break;
            case SmbDetail.Create: WriteCreate(to); break;
            case SmbDetail.File:
                to.Text("filename"u8, FileName);
                to.Text("share"u8, Share);
                WriteFileId(to);
                break;
            case SmbDetail.Ioctl: to.Text("function"u8, SmbNames.Function(Function)); break;
            case SmbDetail.Rename:
                if (Two)
                {
                    to.Open("set_info"u8);
                    to.Text("class"u8, "FILE_INFO"u8);
                    to.Text("info_level"u8, "SMB2_FILE_RENAME_INFO"u8);
                    to.Close();
                }
                to.Open("rename"u8);
                to.Text("from"u8, FileName);
                to.Text("to"u8, NewName);
                to.Close();
                WriteFileId(to);
                break;
            case SmbDetail.Disposition:
                to.Text("filename"u8, FileName);
                to.Text("access"u8, DeleteOnClose ? "delete on close"u8 : "normal"u8);
                WriteFileId(to);
                break;
            case SmbDetail.Rpc when Call != null: WriteCall(to, Call); break;
            default: break;
        }
        to.Close();
        return true;
    }

    private void WriteNegotiate(EveWriter to)
    {
        if (Dialects is { Count: > 0 })
        {
            to.OpenArray("client_dialects"u8);
            foreach (byte[] dialect in Dialects) to.Item(dialect);
            to.CloseArray();
        }
        if (ClientGuid.Length == 16) to.Text("client_guid"u8, GuidText(ClientGuid));
        if (ServerGuid.Length == 16) to.Text("server_guid"u8, GuidText(ServerGuid));
        if (MaxRead == 0 && MaxWrite == 0) return;
        to.Number("max_read_size"u8, MaxRead);
        to.Number("max_write_size"u8, MaxWrite);
    }

    private void WriteSession(EveWriter to)
    {
        if (Authentication is { Ntlm: true } ntlm)
        {
            to.Open("ntlmssp"u8);
            to.Text("domain"u8, ntlm.Domain);
            to.Text("user"u8, ntlm.User);
            to.Text("host"u8, ntlm.Host);
            if (ntlm.Version != null) to.Text("version"u8, ntlm.Version);
            to.Close();
        }
        if (Authentication is { Realm: not null } kerberos)
        {
            to.Open("kerberos"u8);
            to.Text("realm"u8, kerberos.Realm);
            to.OpenArray("snames"u8);
            foreach (byte[] name in kerberos.Names) to.Item(name);
            to.CloseArray();
            to.Close();
        }
        Natives(to, "request"u8, NativeOs, NativeLm);
        Natives(to, "response"u8, AnswerOs, AnswerLm);
    }

    private static void Natives(EveWriter to, ReadOnlySpan<byte> key, byte[] os, byte[] lm)
    {
        if (os.Length == 0 && lm.Length == 0) return;
        to.Open(key);
        to.Text("native_os"u8, os);
        to.Text("native_lm"u8, lm);
        to.Close();
    }

    private void WriteTree(EveWriter to)
    {
        to.Text(IsPipe ? "named_pipe"u8 : "share"u8, Share);
        if (Two)
        {
            if (Answered) to.Text("share_type"u8, ShareType switch { 1 => "FILE"u8, 2 => "PIPE"u8, 3 => "PRINT"u8, _ => "UNKNOWN"u8 });
            return;
        }
        to.Open("service"u8);
        if (Service.Length > 0) to.Text("request"u8, Service);
        if (AnswerService.Length > 0) to.Text("response"u8, AnswerService);
        to.Close();
    }

    private void WriteCreate(EveWriter to)
    {
        to.Text(Directory && FileName.Length > 0 ? "directory"u8 : "filename"u8, FileName.Length > 0 ? FileName : "<share_root>"u8);
        to.Text("disposition"u8, SmbNames.Disposition(Disposition));
        to.Text("access"u8, DeleteOnClose ? "delete on close"u8 : "normal"u8);
        to.Number("created"u8, Created);
        to.Number("accessed"u8, Accessed);
        to.Number("modified"u8, Modified);
        to.Number("changed"u8, Changed);
        to.Number("size"u8, (long)Size);
        WriteFileId(to);
    }

    private void WriteFileId(EveWriter to)
    {
        if (FileId.Length == 16) to.Text("fuid"u8, GuidText(FileId));
        else if (FileId.Length == 0) to.Text("fuid"u8, ""u8);
        else if (FileId.Length == 2) to.Text("fuid"u8, Convert.ToHexStringLower([FileId[1], FileId[0]]));
    }

    /// <summary>Identifiers in the groups and byte order the reference writes: every group as a little-endian number, the last one as two.</summary>
    private static string GuidText(byte[] id) =>
        new Guid(id).ToString("D")[..19] + Convert.ToHexStringLower([id[9], id[8]]) + "-" + Convert.ToHexStringLower([id[11], id[10], id[15], id[14], id[13], id[12]]);

    private static void WriteCall(EveWriter to, RpcCall call)
    {
        to.Open("dcerpc"u8);
        to.Text("request"u8, RpcType.Name(Math.Max(call.RequestType, 0)));
        to.Text("response"u8, call.ResponseType < 0 ? "UNREPLIED" : RpcType.Name(call.ResponseType));
        if (call.RequestType == RpcType.Request)
        {
            to.Number("opnum"u8, call.Operation);
            to.Open("req"u8);
            to.Number("frag_cnt"u8, call.RequestFragments);
            to.Number("stub_data_size"u8, call.RequestStub);
            to.Close();
            // the reference names them only where the first one asked for was accepted
            if (call.InForce is [{ Result: 0 }, ..] asked) call.WriteInterfaces(to, asked, false, false);
        }
        else if (call.Asked != null) call.WriteInterfaces(to, call.Asked, true, true);
        if (call.ResponseType == RpcType.Response)
        {
            to.Open("res"u8);
            to.Number("frag_cnt"u8, call.ResponseFragments);
            to.Number("stub_data_size"u8, call.ResponseStub);
            to.Close();
        }
        to.Number("call_id"u8, call.CallId);
        to.Close();
    }
}
