using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Ssh;

internal sealed class SshSide
{
    public byte[] Protocol = [], Software = [], Hassh = [], HasshText = [];
}

internal sealed class SshTransaction : Transaction
{
    public readonly SshSide Client = new(), Server = new();
    public bool ShowHassh;

    public override bool RecordFollowsFlow => true;
    public override bool RecordHasNumber => true;
    public override int Complete => 2;

    /// <summary>Without fingerprints of the key exchange the banners are all there is to tell.</summary>
    public override bool RecordReady => !ShowHassh && ProgressToServer >= 1 && ProgressToClient >= 1;
    public override bool HasRecord => Client.Protocol.Length > 0 || Server.Protocol.Length > 0;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        SshSide side = toServer ? Client : Server;
        bytes = index > 0 ? default : buffer switch
        {
            BufferId.SshProto => side.Protocol,
            BufferId.SshSoftware => side.Software,
            BufferId.SshHassh => Client.Hassh,
            BufferId.SshHasshString => Client.HasshText,
            BufferId.SshHasshServer => Server.Hassh,
            BufferId.SshHasshServerString => Server.HasshText,
            _ => default,
        };
        return !bytes.IsEmpty;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("ssh"u8);
        if (Client.Protocol.Length > 0) Write(to, "client"u8, Client);
        if (Server.Protocol.Length > 0) Write(to, "server"u8, Server);
        to.Close();
        return true;
    }

    private void Write(EveWriter to, ReadOnlySpan<byte> key, SshSide side)
    {
        to.Open(key);
        to.Text("proto_version"u8, side.Protocol);
        if (side.Software.Length > 0) to.Text("software_version"u8, side.Software);
        if (ShowHassh)
        {
            to.Open("hassh"u8);
            if (side.Hassh.Length > 0)
            {
                to.Text("hash"u8, side.Hassh);
                to.Text("string"u8, side.HasshText);
            }
            to.Close();
        }
        to.Close();
    }
}

/// <summary>SSH: the version lines and the key exchange offers; what follows is encrypted.</summary>
internal sealed class SshParser(AppState state) : AppParser
{
    private SshTransaction? _tx;
    private bool _clientBanner, _serverBanner, _clientDone, _serverDone;

    public override AppProto Protocol => AppProto.Ssh;

    public override bool Gap(ParseContext context, bool toServer, int size) => _clientDone && _serverDone;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        _tx ??= state.Add(new SshTransaction { ShowHassh = context.Options.Hassh });
        int used = 0;
        while (used < bytes.Length)
        {
            if (toServer ? _clientDone : _serverDone) return bytes.Length;
            ReadOnlySpan<byte> rest = bytes[used..];
            if (!(toServer ? _clientBanner : _serverBanner))
            {
                int end = rest.IndexOf((byte)'\n');
                if (end < 0)
                {
                    if (rest.Length <= 8192) break;
                    return -1;
                }
                ReadOnlySpan<byte> line = rest[..end].TrimEnd((byte)'\r');
                used += end + 1;
                if (!line.StartsWith("SSH-"u8)) continue; // a greeting before the version line
                Banner(toServer ? _tx.Client : _tx.Server, line[4..]);
                if (toServer) _clientBanner = true;
                else _serverBanner = true;
                if (toServer) _tx.ProgressToServer = 1;
                else _tx.ProgressToClient = 1;
                if (toServer) context.TriggerToServer = true;
                else context.TriggerToClient = true;
                continue;
            }
            if (rest.Length < 6) break;
            uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length is < 2 or > 1 << 18)
            {
                Done(context, toServer);
                return bytes.Length;
            }
            byte message = rest[5];
            if (message == 20)
            {
                if (rest.Length < 4 + length) break;
                Offer(toServer, rest.Slice(6, (int)length - 2));
            }
            else if (message == 21)
            {
                Done(context, toServer);
                return bytes.Length;
            }
            else if (rest.Length < 4 + length) break;
            used += (int)(4 + length);
        }
        if ((marks & StreamMarks.Eof) != 0) return bytes.Length;
        return Math.Min(used, bytes.Length);
    }

    private void Done(ParseContext context, bool toServer)
    {
        if (toServer) _clientDone = true;
        else _serverDone = true;
        if (toServer) _tx!.ProgressToServer = 2;
        else _tx!.ProgressToClient = 2;
        if (_clientDone && _serverDone) context.EndsInspection = true;
    }

    private static void Banner(SshSide side, ReadOnlySpan<byte> text)
    {
        int dash = text.IndexOf((byte)'-');
        side.Protocol = (dash < 0 ? text : text[..dash]).ToArray();
        ReadOnlySpan<byte> software = dash < 0 ? default : text[(dash + 1)..];
        int space = software.IndexOf((byte)' ');
        side.Software = (space < 0 ? software : software[..space]).ToArray();
    }

    private void Offer(bool toServer, ReadOnlySpan<byte> body)
    {
        if (body.Length < 16) return;
        body = body[16..];
        var lists = new string[10];
        for (int i = 0; i < 10; i++)
        {
            if (body.Length < 4) return;
            uint length = BinaryPrimitives.ReadUInt32BigEndian(body);
            if (length > body.Length - 4) return;
            lists[i] = Encoding.ASCII.GetString(body.Slice(4, (int)length));
            body = body[(4 + (int)length)..];
        }
        string text = toServer ? $"{lists[0]};{lists[2]};{lists[4]};{lists[6]}" : $"{lists[0]};{lists[3]};{lists[5]};{lists[7]}";
        SshSide side = toServer ? _tx!.Client : _tx!.Server;
        side.HasshText = Encoding.ASCII.GetBytes(text);
        side.Hassh = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(MD5.HashData(side.HasshText)));
    }
}
