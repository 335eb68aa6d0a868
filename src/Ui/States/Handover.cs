using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Appliance.Ui;

/// <summary>
/// Carries what the first (static) rendering of a page loaded over to the circuit that takes the page up, so that nothing is loaded
/// twice and the rows do not flicker. In memory, by an unguessable name, for half a minute. Thread-safe.
/// </summary>
public sealed class Handover(TimeProvider clock)
{
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(30);
    private const int Most = 2000;
    private readonly ConcurrentDictionary<string, (object Value, DateTimeOffset Until)> _kept = new();

    /// <summary>Keeps <paramref name="value"/>; answers the name to fetch it by, once. Empty when too much is kept: the circuit then loads again.</summary>
    public string Keep(object value)
    {
        var now = clock.GetUtcNow();
        foreach (var (old, _) in _kept.Where(k => k.Value.Until < now))
            _kept.TryRemove(old, out _);
        if (_kept.Count >= Most)
            return "";
        var name = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        _kept[name] = (value, now + Life);
        return name;
    }

    /// <summary>Takes what was kept under <paramref name="name"/>, or null.</summary>
    public T? Take<T>(string? name)
        where T : class =>
        name is { Length: > 0 } && _kept.TryRemove(name, out var kept) && kept.Until >= clock.GetUtcNow() ? kept.Value as T : null;
}
