using System.Net;

namespace Appliance.Contracts;

/// <summary>Who is responsible for an address or a name. Answered from memory, refreshed on change; safe from any thread.</summary>
public interface IConstituency
{
    /// <summary>The organisation with the longest prefix that contains <paramref name="address"/>, or null.</summary>
    ConstituentMatch? Find(IPAddress address);

    /// <summary>The organisation with the longest domain suffix of <paramref name="name"/>, or null.</summary>
    ConstituentMatch? Find(string name);

    /// <summary>The organisation that holds the autonomous system, or null.</summary>
    ConstituentMatch? FindSystem(long number) => null;

    /// <summary>The organisation itself, when the viewer may see it.</summary>
    Task<ConstituentCard?> FindAsync(Viewer viewer, ConstituentId id, CancellationToken cancel);

    /// <summary>Organisations whose name contains the words, for a picker; at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<ConstituentCard>> SearchAsync(Viewer viewer, string words, int limit, CancellationToken cancel);
}

/// <summary>The organisation found, and what of it matched.</summary>
/// <param name="Id">The organisation.</param>
/// <param name="Name">Its name.</param>
/// <param name="Matched">The network or domain that matched, as written in the directory.</param>
public sealed record ConstituentMatch(ConstituentId Id, string Name, string Matched);

/// <summary>What other modules may show of an organisation.</summary>
/// <param name="Id">The organisation.</param>
/// <param name="Name">Its name.</param>
/// <param name="Sector">Its sector's key, or empty.</param>
/// <param name="Contacts">Who to notify, the most urgent first.</param>
public sealed record ConstituentCard(ConstituentId Id, string Name, string Sector, IReadOnlyList<ContactCard> Contacts);

/// <summary>A person or desk to notify.</summary>
/// <param name="Name">Name of the person or desk.</param>
/// <param name="Mail">Mail address, checked when it was entered.</param>
/// <param name="Language">Two-letter language to write in.</param>
/// <param name="Purpose">security, abuse, management, subscriber.</param>
public sealed record ContactCard(string Name, string Mail, string Language, string Purpose);
