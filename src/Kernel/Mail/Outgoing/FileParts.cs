using System.Text;

namespace Appliance.Kernel.Mail;

/// <summary>Writes the files of a message as parts of it (RFC 2046), of no particular type, so that nothing opens them by itself.</summary>
internal static class FileParts
{
    private const int Line = 76;

    /// <summary>Whole groups of three bytes, so that pieces follow each other without padding.</summary>
    private const int Piece = Line / 4 * 3;

    /// <summary>A boundary that no part holds: it has a sign that neither base64 nor quoted-printable writes, and a number that nobody knew beforehand.</summary>
    public static string BoundaryOf(string messageId) => $"=_{messageId[..Math.Min(32, messageId.Length)]}";

    public static void Append(StringBuilder message, OutgoingFile file)
    {
        message.Append("Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment");
        foreach (var (name, value) in Name(file.Name))
            message.Append(";\r\n ").Append(name).Append('=').Append(value);
        message.Append("\r\n\r\n");
        var bytes = file.Bytes.Span;
        for (var at = 0; at < bytes.Length; at += Piece)
            message.Append(Convert.ToBase64String(bytes.Slice(at, Math.Min(Piece, bytes.Length - at)))).Append("\r\n");
    }

    /// <summary>The file's name as RFC 2231 writes what is not plain, in pieces that fit a line.</summary>
    private static IEnumerable<(string Name, string Value)> Name(string name)
    {
        if (name.Length <= 60 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
            return [("filename", $"\"{name}\"")];
        var pieces = new List<string> { "utf-8''" };
        foreach (var rune in name.EnumerateRunes())
        {
            var written = Uri.EscapeDataString(rune.ToString()).Replace("'", "%27", StringComparison.Ordinal).Replace("(", "%28", StringComparison.Ordinal).Replace(")", "%29", StringComparison.Ordinal).Replace("*", "%2A", StringComparison.Ordinal).Replace("!", "%21", StringComparison.Ordinal);
            if (pieces[^1].Length + written.Length > 55)
                pieces.Add("");
            pieces[^1] += written;
        }
        return pieces.Count == 1 ? [("filename*", pieces[0])] : pieces.Select((piece, i) => ($"filename*{i}*", piece));
    }
}
