using System.Buffers.Text;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Template;

/// <summary>A request and its response.</summary>
internal sealed class TemplateTransaction : Transaction
{
    public byte[]? Request, Response;

    public override int Complete => 1;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        byte[]? own = toServer ? Request : Response;
        bytes = own;
        return buffer == BufferId.TemplateBuffer && index == 0 && own != null;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("template"u8);
        if (Request != null) to.Text("request"u8, Request);
        if (Response != null) to.Text("response"u8, Response);
        to.Close();
        return true;
    }
}

/// <summary>The reference's example protocol, kept for those who test their set-up with it: a decimal length, a colon, and that many bytes.</summary>
internal sealed class TemplateParser(AppState state) : AppParser
{
    private const int MaxMessage = 1 << 16, MaxDigits = 5, MaxOpen = 256;

    public override AppProto Protocol => AppProto.Template;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        int used = 0;
        while (used < bytes.Length)
        {
            ReadOnlySpan<byte> rest = bytes[used..];
            int colon = rest[..Math.Min(rest.Length, MaxDigits + 1)].IndexOf((byte)':');
            if (colon < 0)
            {
                if (rest.Length > MaxDigits) return -1;
                break;
            }
            if (!Utf8Parser.TryParse(rest[..colon], out int length, out int digits) || digits != colon || length is < 0 or > MaxMessage) return -1;
            if (rest.Length - colon - 1 < length) break;
            Take(toServer, rest.Slice(colon + 1, length).ToArray());
            used += colon + 1 + length;
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
        }
        return used;
    }

    private void Take(bool toServer, byte[] message)
    {
        if (toServer)
        {
            if (state.Transactions.Count >= MaxOpen) state.Transactions[0].ProgressToServer = state.Transactions[0].ProgressToClient = 1;
            TemplateTransaction tx = state.Add(new TemplateTransaction { Request = message, ProgressToServer = 1 });
            if (message.Length == 0) tx.Raise("empty_message", true);
            return;
        }
        foreach (Transaction open in state.Transactions)
            if (open is TemplateTransaction { Response: null } tx)
            {
                tx.Response = message;
                tx.ProgressToClient = 1;
                return;
            }
    }

    public static bool Probe(ReadOnlySpan<byte> bytes) => bytes.Length > 1 && bytes[..Math.Min(bytes.Length, MaxDigits + 1)].IndexOf((byte)':') > 0 && bytes[0] is >= (byte)'0' and <= (byte)'9';
}
