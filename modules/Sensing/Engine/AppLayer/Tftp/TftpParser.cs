using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Tftp;

/// <summary>A request to read or write a file.</summary>
internal sealed class TftpTransaction : Transaction
{
    public bool Write;
    public byte[] File = [], Mode = [];

    public override int Complete => 1;
    public override bool Uses(bool toServer) => toServer;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return false;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        if (inAlert) return false;
        to.Open("tftp"u8);
        to.Text("packet"u8, Write ? "write"u8 : "read"u8);
        to.Text("file"u8, File);
        to.Text("mode"u8, Mode);
        to.Close();
        return true;
    }
}

/// <summary>Trivial File Transfer Protocol, requests (RFC 1350 section 5).</summary>
internal sealed class TftpParser(AppState state) : AppParser
{
    public override AppProto Protocol => AppProto.Tftp;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        if (!Read(bytes, out bool write, out ReadOnlySpan<byte> file, out ReadOnlySpan<byte> mode)) return bytes.Length;
        state.Add(new TftpTransaction { Write = write, File = file.ToArray(), Mode = mode.ToArray(), ProgressToServer = 1, ProgressToClient = 1 });
        return bytes.Length;
    }

    private static bool Read(ReadOnlySpan<byte> bytes, out bool write, out ReadOnlySpan<byte> file, out ReadOnlySpan<byte> mode)
    {
        var wire = new Wire(bytes);
        int code = wire.U16();
        write = code == 2;
        file = wire.TakeZeroEnded();
        mode = wire.TakeZeroEnded();
        return code is 1 or 2 && !wire.Bad && (Http.HttpHeaders.Same(mode, "octet"u8) || Http.HttpHeaders.Same(mode, "netascii"u8) || Http.HttpHeaders.Same(mode, "mail"u8));
    }

    public static bool Probe(ReadOnlySpan<byte> bytes) => Read(bytes, out _, out _, out _);
}
