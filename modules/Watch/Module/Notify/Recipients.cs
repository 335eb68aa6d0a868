using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Watch.Notify;

/// <summary>Someone who is told.</summary>
/// <param name="List"><c>directory</c> or <c>subscribers</c>.</param>
internal sealed record Recipient(string Address, string Name, string Language, string List, Tlp UpTo);

/// <summary>Who would be told, and who is on a list but may not be, by the marking.</summary>
internal sealed record RecipientLists(IReadOnlyList<Recipient> Permitted, IReadOnlyList<Recipient> Withheld);

/// <summary>The lists: contacts of constituents for security or advisories, and addresses entered by hand, each address once.</summary>
/// <remarks>
/// TLP 2.0: CLEAR and GREEN may reach everyone on a list of the community, AMBER the clients of the organisation, which constituents are, AMBER+STRICT only
/// the organisation's own people: those that someone entered with that ceiling.
/// </remarks>
internal sealed class Recipients(Database database, IConstituency constituency)
{
    /// <summary>How far a constituent's contact may be told.</summary>
    public const Tlp ConstituentsUpTo = Tlp.Amber;

    private const string SelectSubscribers = "select mail, name, language, up_to_tlp from watch.subscribers order by lower(mail)";

    public async Task<RecipientLists> ReadAsync(Tlp marking, CancellationToken cancel)
    {
        var cards = await constituency.SearchAsync(Viewer.System("watch"), "", 20_000, cancel);
        var subscribers = await database.QueryAsync<SubscriberRow>(SelectSubscribers, null, cancel);
        return Sort(marking, cards, subscribers.Select(s => new Recipient(s.Mail, s.Name, s.Language, "subscribers", (Tlp)s.UpToTlp)));
    }

    internal static RecipientLists Sort(Tlp marking, IEnumerable<ConstituentCard> cards, IEnumerable<Recipient> subscribers)
    {
        var contacts = cards.SelectMany(c => c.Contacts.Where(k => k.Purpose is "subscriber" or "security")
            .Select(k => new Recipient(k.Mail, k.Name.Length > 0 ? k.Name : c.Name, k.Language, "directory", ConstituentsUpTo)));
        var all = contacts.Concat(subscribers)
            .GroupBy(r => r.Address, StringComparer.OrdinalIgnoreCase)
            .Select(g => g.MaxBy(r => r.UpTo)!)
            .ToLookup(r => marking <= r.UpTo);
        return new([.. all[true]], [.. all[false]]);
    }

    private sealed record SubscriberRow(string Mail, string Name, string Language, short UpToTlp);
}
