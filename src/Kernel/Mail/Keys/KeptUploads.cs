using Appliance.Contracts;

namespace Appliance.Kernel.Mail;

/// <summary>Key files that somebody has brought and not yet put in: in memory, for a quarter of an hour, for that person alone. Thread-safe.</summary>
internal sealed class KeptUploads(TimeProvider time)
{
    private const int Most = 20;

    private static readonly TimeSpan s_stay = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private readonly List<(Guid Id, UserId Owner, byte[] Bytes, DateTimeOffset At)> _kept = [];

    public Guid Keep(UserId owner, byte[] bytes)
    {
        lock (_lock)
        {
            Sweep();
            if (_kept.Count >= Most)
                _kept.RemoveAt(0);
            var id = Guid.NewGuid();
            _kept.Add((id, owner, bytes, time.GetUtcNow()));
            return id;
        }
    }

    /// <summary>The bytes, or null when they are another's or gone.</summary>
    public byte[]? Find(UserId owner, Guid id)
    {
        lock (_lock)
        {
            Sweep();
            return _kept.Find(k => k.Id == id && k.Owner == owner).Bytes;
        }
    }

    public void Drop(Guid id)
    {
        lock (_lock)
            _kept.RemoveAll(k => k.Id == id);
    }

    private void Sweep() => _kept.RemoveAll(k => time.GetUtcNow() - k.At > s_stay);
}
