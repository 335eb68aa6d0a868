using System.Net;
using System.Threading.RateLimiting;

namespace Appliance.Kernel.Identity;

/// <summary>Forms that answer without log-in: 60 a minute from one address, so that guessing and filling is slow before anything is looked up.</summary>
internal sealed class AddressLimit : IDisposable
{
    private readonly PartitionedRateLimiter<string> _limiter = PartitionedRateLimiter.Create<string, string>(key =>
        RateLimitPartition.GetFixedWindowLimiter(key, _ => new() { PermitLimit = 60, Window = TimeSpan.FromMinutes(1), QueueLimit = 0, AutoReplenishment = true }));

    /// <summary>True when the request may go on.</summary>
    public bool Allows(IPAddress? from)
    {
        using var lease = _limiter.AttemptAcquire(LogInTries.KeyOf(from));
        return lease.IsAcquired;
    }

    public void Dispose() => _limiter.Dispose();
}
