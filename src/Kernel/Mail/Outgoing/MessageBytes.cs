using System.Text;

namespace Appliance.Kernel.Mail;

/// <summary>Writes a message as bytes, once: what is stored is what is handed over (RFC 5322, CRLF).</summary>
internal static class MessageBytes
{
    /// <summary>A message that is neither signed nor encrypted.</summary>
    public static byte[] Write(OutgoingMessage message, string messageId, string from, string fromName, DateTimeOffset date) =>
        Encoding.ASCII.GetBytes(Head(message, messageId, from, fromName, date) + Entity(message, messageId));

    /// <summary>Header of the message, without its content's own lines.</summary>
    public static string Head(OutgoingMessage message, string messageId, string from, string fromName, DateTimeOffset date)
    {
        var head = new StringBuilder();
        Header("Date", HeaderText.Date(date));
        Header("From", HeaderText.Mailbox(fromName, from));
        Header("To", message.HideRecipients && message.Recipients.Count > 1
            ? "undisclosed-recipients:;"
            : string.Join(",\r\n ", message.Recipients.Select(r => HeaderText.Mailbox(r.Name, r.Address))));
        Header("Subject", HeaderText.Encode(message.Subject, 9));
        Header("Message-ID", $"<{messageId}>");
        if (message.InReplyTo is { } answered)
            Header("In-Reply-To", $"<{answered}>");
        if (message.References.Count > 0)
            Header("References", string.Join("\r\n ", message.References.Select(r => $"<{r}>")));
        if (message.Automatic)
        {
            Header("Auto-Submitted", "auto-generated");
            Header("X-Auto-Response-Suppress", "All");
        }
        Header("Content-Language", message.Language);
        Header("MIME-Version", "1.0");
        return head.ToString();

        void Header(string name, string value) => head.Append(name).Append(": ").Append(value).Append("\r\n");
    }

    /// <summary>Text and files as one entity of MIME: its own lines of header, then the content. Seven bits, lines of the network, nothing at their ends: it can be signed as it stands (RFC 3156 section 5).</summary>
    public static string Entity(OutgoingMessage message, string messageId)
    {
        var entity = new StringBuilder();
        var text = message.Text.ReplaceLineEndings("\n");
        var boundary = message.Files.Count > 0 ? FileParts.BoundaryOf(messageId) : null;
        if (boundary is not null)
            entity.Append("Content-Type: multipart/mixed; boundary=\"").Append(boundary).Append("\"\r\n\r\n--").Append(boundary).Append("\r\n");
        var plain = IsPlain(text);
        entity.Append("Content-Type: ").Append(plain ? "text/plain; charset=us-ascii" : "text/plain; charset=utf-8").Append("\r\nContent-Transfer-Encoding: ").Append(plain ? "7bit" : "quoted-printable").Append("\r\n\r\n");
        entity.Append(plain ? text.Replace("\n", "\r\n", StringComparison.Ordinal) : QuotedPrintable(text));
        if (!text.EndsWith('\n'))
            entity.Append("\r\n");
        foreach (var file in message.Files)
            FileParts.Append(entity.Append("--").Append(boundary).Append("\r\n"), file);
        if (boundary is not null)
            entity.Append("--").Append(boundary).Append("--\r\n");
        return entity.ToString();
    }

    /// <summary>True when no mail server has a reason to touch the lines: short, ASCII, no trailing blank, no "From " and no lone dot.</summary>
    private static bool IsPlain(string text) =>
        Ascii.IsValid(text) && text.Split('\n').All(line =>
            line.Length <= 76 && !line.EndsWith(' ') && !line.EndsWith('\t') && !line.StartsWith("From ", StringComparison.Ordinal) && line != "." && line.All(c => c is >= ' ' and < '\x7f' or '\t'));

    private static string QuotedPrintable(string text)
    {
        var written = new StringBuilder();
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            Line(Encoding.UTF8.GetBytes(lines[i]), written);
            if (i < lines.Length - 1)
                written.Append("\r\n");
        }
        return written.ToString();
    }

    private static void Line(byte[] bytes, StringBuilder written)
    {
        var column = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            var last = i == bytes.Length - 1;
            var literal = bytes[i] is > 32 and < 127 and not (byte)'=' || (bytes[i] is (32 or 9) && !last);
            if (column + (literal ? 1 : 3) > 75)
            {
                written.Append("=\r\n");
                column = 0;
            }
            // A line that begins with "From " or a dot would be altered on the way.
            if (column == 0 && bytes[i] is ((byte)'F' or (byte)'.'))
                literal = false;
            if (literal)
                written.Append((char)bytes[i]);
            else
                written.Append('=').Append(bytes[i].ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            column += literal ? 1 : 3;
        }
    }
}
