using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Appliance.Contracts;

namespace Appliance.Kernel.Identity;

/// <summary>Challenges that wait for a browser's answer: five minutes, once. Kept in memory, since one host serves a database; a restart only asks the person to press again.</summary>
internal sealed class PasskeyOffers(TimeProvider time)
{
    private const int Most = 10_000;
    private static readonly TimeSpan s_lives = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, Offer> _offers = new();

    /// <summary>Keeps the framework's state of a ceremony; answers the name it is taken back by, or null where too many wait.</summary>
    /// <param name="state">The framework's own text.</param>
    /// <param name="user">Whom a new passkey is for; null at log-in.</param>
    public string? Keep(string state, UserId? user)
    {
        var now = time.GetUtcNow();
        if (_offers.Count >= Most)
            foreach (var (old, offer) in _offers)
                if (offer.Until <= now)
                    _offers.TryRemove(old, out _);
        if (_offers.Count >= Most)
            return null;
        var name = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(18));
        _offers[name] = new(state, user, now + s_lives);
        return name;
    }

    /// <summary>Takes a state back; null when it is unknown, used, late or for somebody else.</summary>
    public string? Take(string? name, UserId? user) =>
        name is { Length: > 0 and < 100 } && _offers.TryRemove(name, out var offer) && offer.Until > time.GetUtcNow() && offer.User == user ? offer.State : null;

    private sealed record Offer(string State, UserId? User, DateTimeOffset Until);
}
