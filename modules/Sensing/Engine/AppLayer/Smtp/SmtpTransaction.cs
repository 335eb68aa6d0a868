using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Smtp;

/// <summary>One mail: envelope, headers, attachments.</summary>
internal sealed class SmtpTransaction : Transaction
{
    public byte[]? Helo, From;
    public readonly List<byte[]> Recipients = new(1);
    public MailReader? Mail;

    public override bool RecordFollowsFlow => true;
    public override bool RecordHasNumber => true;
    /// <summary>Progress while a mail comes in, and when it is over: the places at which file buffers can be read.</summary>
    public const int InMail = 3, Done = 5;

    public override int Complete => Done;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (!toServer || index >= Files.Count) return false;
        if (buffer == BufferId.FileData) bytes = Files[index].Bytes.Span;
        else if (buffer == BufferId.FileName) bytes = Files[index].Name;
        else return false;
        return true;
    }

    public override long StreamedBytes(BufferId buffer, bool toServer)
    {
        long total = 0;
        if (toServer)
            foreach (AppFile file in Files) total += file.Size;
        return total;
    }

    public override void Reset()
    {
        base.Reset();
        Mail?.Release();
        Mail = null;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("smtp"u8);
        if (Helo != null) to.Text("helo"u8, Helo);
        if (From != null) to.Text("mail_from"u8, From);
        if (Recipients.Count > 0)
        {
            to.OpenArray("rcpt_to"u8);
            foreach (byte[] one in Recipients) to.Item(one);
            to.CloseArray();
        }
        to.Close();
        Mail?.WriteRecord(to, inAlert);
        return true;
    }
}
