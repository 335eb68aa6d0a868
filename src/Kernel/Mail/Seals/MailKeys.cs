using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Appliance.Kernel.Mail;

/// <summary>The one key ring: what people have put in, and the folder in <c>kernel:mail:keys</c>; read again when either changes. Thread-safe.</summary>
internal sealed class MailKeys(IOptionsMonitor<MailOptions> options, StoredKeys stored, TimeProvider time, ILogger<MailKeys> log) : IDisposable
{
    /// <summary>Longer than any program may work with a ring that was replaced meanwhile.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _one = new(1);
    private readonly Queue<(KeyRing Ring, DateTimeOffset At)> _replaced = new();
    private KeyRing? _ring;
    private string _stamp = "";

    /// <summary>The ring, or null when there is no key at all.</summary>
    public async Task<KeyRing?> RingAsync(CancellationToken cancel)
    {
        var folder = options.CurrentValue.Keys;
        await _one.WaitAsync(cancel);
        try
        {
            var rows = await stored.StampAsync(cancel);
            var stamp = $"{rows}\n{(folder.Length > 0 ? Stamp(folder) : "")}";
            if (stamp == _stamp)
                return _ring;
            var keys = await stored.ReadAsync(cancel);
            var ring = folder.Length == 0 && keys.Count == 0 ? null : await KeyRing.ReadAsync(folder, keys, cancel);
            foreach (var file in ring?.Unreadable ?? [])
                KernelLog.KeyUnreadable(log, file);
            foreach (var key in keys.Where(k => k is { Own: true, Secret: null }))
                KernelLog.KeyNotOpened(log, key.Fingerprint);
            Replace(ring);
            _stamp = stamp;
            return ring;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ring?.Dispose();
        foreach (var (ring, _) in _replaced)
            ring.Dispose();
        _one.Dispose();
    }

    private void Replace(KeyRing? ring)
    {
        if (_ring is not null)
            _replaced.Enqueue((_ring, time.GetUtcNow()));
        while (_replaced.TryPeek(out var oldest) && time.GetUtcNow() - oldest.At > s_grace)
            _replaced.Dequeue().Ring.Dispose();
        _ring = ring;
    }

    private static string Stamp(string folder) =>
        string.Join('\n', new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).OrderBy(f => f.FullName, StringComparer.Ordinal).Select(f => $"{f.FullName} {f.Length} {f.LastWriteTimeUtc.Ticks}"));
}
