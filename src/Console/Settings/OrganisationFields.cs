using System.Net.Mail;
using Appliance.Contracts;
using Appliance.Kernel.Settings;

namespace Appliance.Consoles.Settings;

/// <summary>Who the team is, as typed.</summary>
internal sealed record OrganisationFields(string Name, string Country, string Mail, string Address, string Language)
{
    /// <summary>Everything that is wrong, at once.</summary>
    public IReadOnlyList<Refusal> Check()
    {
        var refusals = new List<Refusal>();
        if (Name.Trim().Length is 0 or > 200)
            refusals.Add(Refuse.Invalid("console.organisation.name.wrong", "name"));
        if (Country.Trim() is not [(>= 'A' and <= 'Z') or (>= 'a' and <= 'z'), (>= 'A' and <= 'Z') or (>= 'a' and <= 'z')])
            refusals.Add(Refuse.Invalid("console.organisation.country.wrong", "country", Country));
        if (!MailAddress.TryCreate(Mail.Trim(), out var mail) || mail.Address != Mail.Trim())
            refusals.Add(Refuse.Invalid("console.organisation.mail.wrong", "mail", Mail));
        if (Address.Trim().Length > 0 && !(Uri.TryCreate(Address.Trim(), UriKind.Absolute, out var address) && address.Scheme is "https" or "http" && address.PathAndQuery == "/"))
            refusals.Add(Refuse.Invalid("console.site.address.wrong", "address", Address));
        return refusals;
    }

    /// <summary>The settings they become.</summary>
    public IEnumerable<SettingChange> Changes() =>
    [
        new(SettingKeys.OrganisationName, Name.Trim()),
        new(SettingKeys.OrganisationCountry, Country.Trim().ToUpperInvariant()),
        new(SettingKeys.OrganisationMail, Mail.Trim()),
        new(SettingKeys.SiteAddress, Address.Trim() is { Length: > 0 } address ? address.TrimEnd('/') : null),
        new(SettingKeys.SiteLanguage, Language),
    ];
}
