using Appliance.Contracts;
using Appliance.Directories.Networks;

namespace Appliance.Directories.Contacts;

/// <summary>A person or desk to notify.</summary>
internal sealed record ContactFields(string Name, string Mail, string Purpose = "security", string Language = "en")
{
    public static IReadOnlyList<string> Purposes { get; } = ["security", "abuse", "management", "subscriber"];

    public ContactFields Tidy() => new(
        string.Join(' ', (Name ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
        TidyMail((Mail ?? "").Trim()),
        (Purpose ?? "").Trim().ToLowerInvariant(),
        (Language ?? "").Trim().ToLowerInvariant());

    public IEnumerable<Refusal> Faults()
    {
        if (Name.Length > 200 || Name.Any(char.IsControl))
            yield return Refuse.Invalid("directory.refused.contact-name", nameof(Name), 200);
        if (!IsMail(Mail))
            yield return Refuse.Invalid("directory.refused.mail", nameof(Mail), Mail);
        if (!Purposes.Contains(Purpose))
            yield return Refuse.Invalid("directory.refused.purpose", nameof(Purpose), Purpose, string.Join(", ", Purposes));
        if (!Languages.All.Contains(Language))
            yield return Refuse.Invalid("directory.refused.language", nameof(Language), Language);
    }

    /// <summary>The plain <c>local@domain</c> of RFC 5321 without quoting: what every mail server takes and no header can be broken with.</summary>
    internal static bool IsMail(string mail)
    {
        var at = mail.LastIndexOf('@');
        if (at is < 1 or > 64 || mail.Length > 254)
            return false;
        var local = mail.AsSpan(0, at);
        const string Extra = "!#$%&'*+-/=?^_`{|}~.";
        foreach (var c in local)
            if (!char.IsAsciiLetterOrDigit(c) && !Extra.Contains(c))
                return false;
        return local[0] != '.' && local[^1] != '.' && local.IndexOf("..") < 0 && NetworkText.ToAscii(mail[(at + 1)..]) == mail[(at + 1)..];
    }

    private static string TidyMail(string mail)
    {
        var at = mail.LastIndexOf('@');
        return at > 0 && NetworkText.ToAscii(mail[(at + 1)..]) is { } domain ? $"{mail[..at]}@{domain}" : mail;
    }
}
