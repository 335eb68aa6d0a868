using System.Text;
using Appliance.Kernel.Mail.Parse;

namespace Appliance.Kernel.Mail;

/// <summary>Opens what a parsed message has signed or encrypted, and reads what comes out with the parser again, in its own process, at most three levels deep.</summary>
internal static class SealReading
{
    private const int Deepest = 3;

    /// <summary>The message with its seals and what was in them; without keys they are named and stay closed.</summary>
    public static async Task<ParsedMail> OpenAsync(ParsedMail mail, KeyRing? ring, Func<byte[], CancellationToken, Task<ParsedMail?>> parse, CancellationToken cancel)
    {
        var opened = mail.Protected.Count == 0 ? mail : await OpenAsync(mail, ring, mail.From is [var from, ..] ? from.Address : "", mail.Date, parse, 0, cancel);
        return opened with { Protected = [] };
    }

    private static async Task<ParsedMail> OpenAsync(ParsedMail mail, KeyRing? ring, string sender, DateTimeOffset? date, Func<byte[], CancellationToken, Task<ParsedMail?>> parse, int depth, CancellationToken cancel)
    {
        foreach (var part in mail.Protected)
        {
            var (seal, clear) = ring is null ? (Closed(part), null)
                : part.Scheme == "smime" ? await Smime.OpenAsync(ring, part, sender, date, cancel)
                : await OpenPgp.OpenAsync(ring, part, sender, cancel);
            mail = mail with { Seals = [.. mail.Seals, seal] };
            if (clear is null || depth >= Deepest || await parse(Entity(part, clear), cancel) is not { } inner)
                continue;
            inner = await OpenAsync(inner, ring, sender, date, parse, depth + 1, cancel);
            mail = Join(mail, part, inner);
        }
        return mail;
    }

    private static MailSeal Closed(ProtectedPart part) => new()
    {
        PartId = part.PartId,
        Scheme = part.Scheme,
        Form = part.Form,
        Partial = part.Partial,
        Encrypted = part.Act == "encrypted",
        Decryption = part.Act == "encrypted" ? "no-key" : null,
        Signed = part.Act == "signed",
        Signature = part.Act == "signed" ? "unknown-key" : null,
        Reason = part.Act == "encrypted" ? "cannot be decrypted: no key" : "no keys are set up",
    };

    /// <summary>What came out as an entity that the parser reads: MIME is one, text and files get a header.</summary>
    private static byte[] Entity(ProtectedPart part, byte[] clear)
    {
        var header = part.Form switch
        {
            "inline" => "Content-Type: text/plain\r\n\r\n",
            "attachment" => $"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=utf-8''{Uri.EscapeDataString(part.Name ?? "file")}\r\n\r\n",
            _ => "",
        };
        return [.. Encoding.ASCII.GetBytes(header), .. clear];
    }

    private static ParsedMail Join(ParsedMail mail, ProtectedPart part, ParsedMail inner)
    {
        var text = inner.TextFrom == "none" ? mail.Text
            : part.Form == "inline" && !part.Partial || mail.TextFrom == "none" || string.IsNullOrWhiteSpace(mail.Text) ? inner.Text
            : $"{mail.Text}\n\n{inner.Text}";
        return mail with
        {
            Text = text.Length > ParseLimits.Text ? text[..ParseLimits.Text] : text,
            TextFrom = inner.TextFrom == "none" ? mail.TextFrom : inner.TextFrom,
            Attachments = [.. mail.Attachments, .. inner.Attachments.Select(a => a with { PartId = $"{part.PartId}/{a.PartId}" })],
            Observables = [.. mail.Observables.Concat(inner.Observables).Distinct().Take(ParseLimits.Observables)],
            Abuse = mail.Abuse ?? inner.Abuse,
            Limits = [.. mail.Limits.Union(inner.Limits)],
            Seals = [.. mail.Seals, .. inner.Seals.Select(s => s with { PartId = $"{part.PartId}/{s.PartId}" })],
        };
    }
}
