using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Appliance.Contracts;
using Appliance.Kernel.Http;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Settings;
using Appliance.Ticketing.Lookups;
using Microsoft.Extensions.Options;

namespace Appliance.Ticketing.Mailings;

/// <summary>Who is told.</summary>
/// <param name="Purpose">security, abuse, management or subscriber of the directory; abuse of a registry; hand.</param>
/// <param name="Source">directory, registry or hand.</param>
internal sealed record Addressee(Guid? Constituent, string Organisation, string Address, string Name, string Language, string Purpose, string Source)
{
    /// <summary>Two organisations that share a desk get a letter each: what one reads, it may hand on.</summary>
    public (string, Guid?) Key => (Address.ToLowerInvariant(), Constituent);
}

/// <summary>Where one thing goes, or why it goes nowhere.</summary>
/// <param name="Reason">Empty with a contact; else waiting, or what the exceptions list says.</param>
/// <param name="Asked">What the registries are asked about, as a trace.</param>
internal sealed record Placement(Addressee? To, string Reason, string Organisation = "", string Detail = "", Observable? Asked = null);

/// <summary>Finds whom to tell: the organisation with the most specific network or name, else whoever the registries name for abuse. One for each mailing; not thread-safe.</summary>
internal sealed class Addressees(IConstituency constituency, ISettings site, IOptionsMonitor<MailOptions> mail, TicketingOptions options)
{
    private readonly Dictionary<ConstituentId, ConstituentCard?> _cards = [];
    private HashSet<string>? _own;

    /// <param name="pap">Of the incident: registries are asked up to PAP:AMBER.</param>
    public async Task<IReadOnlyList<Placement>> FindAsync(Viewer viewer, IReadOnlyList<PastedThing> things, Pap pap, CancellationToken cancel)
    {
        var placed = new List<Placement>(things.Count);
        // Neighbours mostly have one owner: one of them is asked about, the others follow where the answer covers them.
        var asked = new Dictionary<string, Observable>();
        foreach (var thing in things)
        {
            var (match, spans) = Match(thing);
            placed.Add(spans ? new(null, "spans")
                : match is not null ? await OfConstituentAsync(viewer, match, cancel)
                : Subject(thing) is not { } subject ? new(null, thing.Range() is not null ? "private" : "no-registry")
                : !options.Lookups.Enabled ? new(null, "lookups-off")
                : pap > LookupKind.Rdap.Most ? new(null, "lookup-pap", Detail: $"PAP:{pap.ToString().ToUpperInvariant()}")
                : new(null, "waiting", Asked: Neighbour(subject, asked)));
        }
        return placed;
    }

    /// <summary>True for an address of our own: nobody is written to about it.</summary>
    public async Task<bool> IsOwnAsync(string address, CancellationToken cancel)
    {
        _own ??= [mail.CurrentValue.From.ToLowerInvariant(), ((await site.FindAsync<string>(SettingKeys.OrganisationMail, cancel)) ?? "").Trim().ToLowerInvariant()];
        return _own.Contains(address.Trim().ToLowerInvariant());
    }

    /// <summary>What the registries are asked about for a thing; null where they know nothing.</summary>
    public static Observable? Subject(PastedThing thing)
    {
        Observable? asked = thing.Range() is { } range ? new(range.First.AddressFamily == AddressFamily.InterNetwork ? "ipv4" : "ipv6", range.First.ToString())
            : thing.Type == "asn" ? new("asn", thing.Value)
            : thing.Host() is not { } host ? null
            : IPAddress.TryParse(host, out var address) ? new(address.AddressFamily == AddressFamily.InterNetwork ? "ipv4" : "ipv6", address.ToString())
            : new("domain", host.ToLowerInvariant());
        return asked is not null && LookupSubject.Of(asked.Type, asked.Value) is not null ? asked : null;
    }

    private (ConstituentMatch? Match, bool Spans) Match(PastedThing thing)
    {
        if (thing.Range() is { } range)
        {
            var (first, last) = (constituency.Find(range.First), constituency.Find(range.Last));
            return first?.Id == last?.Id ? (first, false) : (null, true);
        }
        if (thing.Type == "asn")
            return (constituency.FindSystem(long.Parse(thing.Value.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture)), false);
        return (thing.Host() is { } host ? constituency.Find(host) : null, false);
    }

    private async Task<Placement> OfConstituentAsync(Viewer viewer, ConstituentMatch match, CancellationToken cancel)
    {
        if (!_cards.TryGetValue(match.Id, out var card))
            _cards[match.Id] = card = await constituency.FindAsync(viewer, match.Id, cancel);
        // Whoever answers for security, else for abuse, else the first named.
        var contact = card?.Contacts.FirstOrDefault(static c => c.Purpose == "security") ?? card?.Contacts.FirstOrDefault(static c => c.Purpose == "abuse") ?? card?.Contacts.FirstOrDefault();
        if (contact is null || !MailAddress.TryRead(contact.Mail, out var address, out _))
            return new(null, "no-contact", match.Name);
        return await IsOwnAsync(address, cancel)
            ? new(null, "ourselves", match.Name, address)
            : new(new(match.Id.Value, match.Name, address, contact.Name, Languages.All.Contains(contact.Language) ? contact.Language : "en", contact.Purpose, "directory"), "", match.Name);
    }

    private static Observable Neighbour(Observable subject, Dictionary<string, Observable> asked)
    {
        if (subject.Type is not ("ipv4" or "ipv6"))
            return subject;
        var bytes = IPAddress.Parse(subject.Value).GetAddressBytes();
        var key = Convert.ToHexString(bytes.AsSpan(0, bytes.Length == 4 ? 3 : 6)) + subject.Type;
        return asked.TryGetValue(key, out var first) ? first : asked[key] = subject;
    }
}
