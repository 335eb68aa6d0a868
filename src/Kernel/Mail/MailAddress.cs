using System.Globalization;
using System.Text;

namespace Appliance.Kernel.Mail;

/// <summary>The mailbox of RFC 5322 without display name: <c>local@domain</c>. What we write to must be one; what we read may be anything.</summary>
public static class MailAddress
{
    private const string AtomMarks = "!#$%&'*+-/=?^_`{|}~";

    /// <summary>
    /// True when <paramref name="text"/> is an address the appliance can write to. A domain beyond ASCII is refused with its ASCII form in
    /// <paramref name="why"/>, so that the person sees which name is meant; a local part beyond ASCII needs a mail server with SMTPUTF8 and is refused.
    /// </summary>
    public static bool TryRead(string? text, out string address, out string why)
    {
        address = (text ?? "").Trim();
        why = Fault(address);
        return why.Length == 0;
    }

    private static string Fault(string address)
    {
        if (address.Length == 0)
            return "it is empty";
        if (HeaderText.Breaks(address))
            return "it contains a control character";
        var at = SplitAt(address);
        if (at < 0)
            return "it is not of the form name@domain";
        var (local, domain) = (address[..at], address[(at + 1)..]);
        if (!Ascii.IsValid(domain))
            return ToAscii(domain) is { } ascii ? $"write its domain as {ascii}" : "its domain is not a name";
        if (!Ascii.IsValid(local))
            return "the part before @ has letters beyond ASCII";
        if (local.Length > 64 || address.Length > 254)
            return "it is too long";
        if (!(local.StartsWith('"') ? IsQuoted(local) : IsDotAtom(local)))
            return "the part before @ is malformed";
        // Also keeps an address from being read as an option by the program that sends.
        if (local.StartsWith('-'))
            return "it begins with a hyphen";
        return IsDomain(domain) ? "" : "its domain is malformed";
    }

    /// <summary>The last @ outside quotes when it is the only one there, else -1.</summary>
    private static int SplitAt(string address)
    {
        var (at, quoted) = (-1, false);
        for (var i = 0; i < address.Length; i++)
        {
            if (address[i] == '\\' && quoted)
                i++;
            else if (address[i] == '"')
                quoted = !quoted;
            else if (address[i] == '@' && !quoted)
            {
                if (at >= 0)
                    return -1;
                at = i;
            }
        }
        return quoted || at < 1 || at == address.Length - 1 ? -1 : at;
    }

    private static bool IsDotAtom(string local) =>
        local.Split('.').All(atom => atom.Length > 0 && atom.All(c => char.IsAsciiLetterOrDigit(c) || AtomMarks.Contains(c, StringComparison.Ordinal)));

    private static bool IsQuoted(string local)
    {
        if (local.Length < 3 || !local.EndsWith('"'))
            return false;
        for (var i = 1; i < local.Length - 1; i++)
        {
            if (local[i] == '"')
                return false;
            if (local[i] == '\\' && ++i >= local.Length - 1)
                return false;
        }
        return true;
    }

    private static bool IsDomain(string domain) =>
        domain.Length <= 253 && domain.Split('.').All(label =>
            label.Length is > 0 and <= 63 && !label.StartsWith('-') && !label.EndsWith('-') && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'));

    private static string? ToAscii(string domain)
    {
        try
        {
            return new IdnMapping { UseStd3AsciiRules = true }.GetAscii(domain);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
