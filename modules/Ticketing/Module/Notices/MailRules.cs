using Appliance.Contracts;

namespace Appliance.Ticketing.Notices;

/// <summary>Whom an incident's marking lets us write to. One place, so that the page, the API and the tests say the same.</summary>
internal static class MailRules
{
    /// <summary>
    /// Null when <paramref name="address"/> may be written to, else why not.
    /// TLP:RED is never mailed. AMBER+STRICT goes to contacts of the organisations concerned. AMBER also to people who already take part. GREEN and CLEAR to anyone.
    /// </summary>
    /// <param name="marking">The incident's.</param>
    /// <param name="address">Recipient.</param>
    /// <param name="contacts">Addresses of the contacts of the organisations concerned.</param>
    /// <param name="parties">Addresses of those who take part by mail.</param>
    public static Refusal? Check(Marking marking, string address, IReadOnlySet<string> contacts, IReadOnlySet<string> parties)
    {
        var known = address.Trim().ToLowerInvariant();
        return marking.Tlp switch
        {
            Tlp.Red => Refuse.Invalid("ticketing.refused.tlp-red", "Recipients", marking.Label),
            Tlp.AmberStrict when !contacts.Contains(known) => Refuse.Invalid("ticketing.refused.tlp-strict", "Recipients", address, marking.Label),
            Tlp.Amber when !contacts.Contains(known) && !parties.Contains(known) => Refuse.Invalid("ticketing.refused.tlp-amber", "Recipients", address, marking.Label),
            _ => null,
        };
    }
}
