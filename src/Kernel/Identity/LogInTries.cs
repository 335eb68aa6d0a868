using System.Net;
using System.Net.Sockets;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>Counts tries per account, whether it exists or not, and per address. A try is counted before it is checked, so that parallel guesses do not slip through.</summary>
internal sealed class LogInTries(Database database, TimeProvider time)
{
    public const int PasswordMax = 10;
    public const int CodeMax = 5;
    public const int AddressMax = 100;

    // Every full round of tries locks for twice as long as the one before: 15 min to a day. last_at stays while locked, which is how a refused try is told.
    private const string TakeOne =
        """
        insert into identity.tries as t (kind, key, count, last_at)
        values (@Kind, @Key, 1, @Now)
        on conflict (kind, key) do update
        set count = case when t.locked_until > @Now then t.count when t.last_at < @Forget then 1 else t.count + 1 end,
            last_at = case when t.locked_until > @Now then t.last_at else @Now end,
            locked_until = case
                when t.locked_until > @Now then t.locked_until
                when t.last_at >= @Forget and (t.count + 1) % @Max = 0 then @Now + least(interval '15 minutes' * power(2, (t.count + 1) / @Max - 1), interval '1 day')
                else null
            end
        returning count, last_at = @Now as allowed, locked_until
        """;

    private const string Forget = "delete from identity.tries where kind = @Kind and key = @Key";

    private const string GiveBack = "update identity.tries set count = greatest(count - 1, 0), locked_until = null where kind = @Kind and key = @Key";

    /// <summary>Takes one try. The answer says whether it may be checked, and whether a wrong one locks.</summary>
    public async Task<TryTaken> TakeAsync(string kind, string key, int max, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        return (await database.FindAsync<TryTaken>(TakeOne, new { Kind = kind, Key = key, Max = max, Now = now, Forget = now.AddDays(-1) }, cancel))!;
    }

    /// <summary>The right answer was given: the count starts again.</summary>
    public Task ForgetAsync(string kind, string key, CancellationToken cancel) => database.ExecuteAsync(Forget, new { Kind = kind, Key = key }, cancel);

    /// <summary>A right answer from an address takes back its own try only: one good account must not wash away guesses at others.</summary>
    public Task GiveBackAsync(string kind, string key, CancellationToken cancel) => database.ExecuteAsync(GiveBack, new { Kind = kind, Key = key }, cancel);

    /// <summary>An address as counted: IPv6 by its /64, since a host has them all.</summary>
    public static string KeyOf(IPAddress? address)
    {
        if (address is null)
            return "unknown";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address.ToString();
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return $"{new IPAddress(bytes)}/64";
    }
}

/// <summary>A try that was counted.</summary>
internal sealed class TryTaken
{
    public int Count { get; set; }

    /// <summary>False while locked.</summary>
    public bool Allowed { get; set; }

    /// <summary>Set when locked, or when this try locks unless it is right.</summary>
    public DateTimeOffset? LockedUntil { get; set; }
}
