using System.Text.RegularExpressions;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>
/// Finds the failed recipients in bounces that are written for people alone (qmail, Exim, Exchange and many more): addresses at the beginning of a line first, then
/// those of the SMTP dialogue, then those that a sentence about delivery names, each with the words that follow it.
/// </summary>
internal static class BounceText
{
    private const int Lines = 400;

    private const int Longest = 4000;

    private static readonly string[] s_sentences =
        ["deliver", "recipient", "rejected", "unknown user", "user unknown", "failed", "undeliverable", "not listed", "no such user", "could not be", "returned", "error", "rcpt to", "mailbox", "original-recipient", "to:"];

    /// <summary>Recipients with the words about each, in the order of the text.</summary>
    public static IReadOnlyList<(string Address, string Words)> Recipients(string text, IReadOnlySet<string> notThese)
    {
        var lines = Report(text);
        foreach (var find in (ReadOnlySpan<Func<string, IEnumerable<string>>>)[AtBeginning, AfterReply, InDialogue, InSentence])
        {
            var found = new List<(string Address, int Line)>();
            for (var i = 0; i < lines.Count; i++)
                foreach (var address in find(lines[i]))
                    if (!notThese.Contains(address.ToLowerInvariant()) && !found.Exists(f => f.Address.Equals(address, StringComparison.OrdinalIgnoreCase)))
                        found.Add((address, i));
            if (found.Count > 0)
                return [.. found.Select((f, n) => (f.Address, Words(lines, f.Address, f.Line, n + 1 < found.Count ? found[n + 1].Line : lines.Count, found.Count)))];
        }
        return [];
    }

    /// <summary>The lines before the returned message.</summary>
    public static List<string> Report(string text)
    {
        var lines = new List<string>();
        foreach (var line in text.Split('\n').Take(Lines))
        {
            var plain = (line.Length > Longest ? line[..Longest] : line).TrimEnd('\r');
            if (lines.Exists(l => l.Trim().Length > 0) && s_returned.IsMatch(plain))
                break;
            lines.Add(plain);
        }
        return lines;
    }

    /// <summary>Words up to the next recipient; lines elsewhere that name the address or, for a single recipient, all of them.</summary>
    private static string Words(List<string> lines, string address, int from, int to, int recipients)
    {
        var near = lines.Skip(from).Take(Math.Max(1, to - from)).Where(l => l.Trim().Length > 0).Take(20).Select(l => l.Trim());
        var elsewhere = recipients == 1
            ? lines.Take(from).Where(l => l.Trim().Length > 0).Select(l => l.Trim())
            : lines.Where((l, i) => (i < from || i >= to) && l.Contains(address, StringComparison.OrdinalIgnoreCase)).Select(l => l.Trim());
        return string.Join(' ', near.Concat(elsewhere));
    }

    private static IEnumerable<string> AtBeginning(string line) =>
        s_lineStart.Match(line) is { Success: true } match && !match.Groups["address"].Value.Contains("mailer-daemon", StringComparison.OrdinalIgnoreCase) ? [Tidy(match)] : [];

    private static IEnumerable<string> AfterReply(string line) => s_afterReply.Match(line) is { Success: true } match ? [Tidy(match)] : [];

    private static IEnumerable<string> InDialogue(string line) => s_dialogue.Match(line) is { Success: true } match ? [Tidy(match)] : [];

    private static IEnumerable<string> InSentence(string line)
    {
        var lower = line.ToLowerInvariant();
        return Array.Exists(s_sentences, s => lower.Contains(s, StringComparison.Ordinal)) && !lower.Contains("contact", StringComparison.Ordinal)
            ? s_anyAddress.Matches(line).Select(Tidy)
            : [];
    }

    private static string Tidy(Match match) => match.Groups["address"].Value.TrimEnd('.', '-').Trim('\'', '"');

    private const string Address = @"(?<address>(?:""[^""\s@]+""|[a-z0-9!#$%&'*+/=?^_`{|}~.\-]+)@[a-z0-9][a-z0-9.\-]*)";

    // All without backtracking: their time grows with the line alone.
    private static readonly Regex s_lineStart = new(
        @"^\s*(?:[*>]\s*|recipient:\s*|(?:final|original|failed)[- ]recipients?:\s*(?:rfc822;)?\s*|to:\s*<)*[<""'(\[]?[<""'(\[]?" + Address + @"[>""')\]]?[>""')\]]?(?:$|[\s:;,])",
        RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    // "550 <name@example.org>... User unknown": the transcript of old Sendmail.
    private static readonly Regex s_afterReply = new(@"^\s*[45]\d\d\s+<?" + Address + @">?\.\.\.", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    private static readonly Regex s_dialogue = new(@"rcpt to:\s*<?" + Address, RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    private static readonly Regex s_anyAddress = new(Address, RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    /// <summary>Where the returned message begins: a line of dashes that says so, or its first headers.</summary>
    private static readonly Regex s_returned = new(
        @"^[-=*_#>\s]*(?:(?:this|below|included|here) .*(?:copy|header)|(?:the )?(?:header|content|first lines|text|start)s? of (?:the|your) (?:original|returned)|(?:your )?original (?:message|mail)(?:$|\s*[-=:*]| follow| header)|unsent message|returned message|message headers? follow|message header)"
        + @"|^(?:received|return-path|dkim-signature|x-originating-ip|message-id|mime-version|x-sender|delivered-to):\s?\S",
        RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);
}
