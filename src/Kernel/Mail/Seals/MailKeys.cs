using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Appliance.Kernel.Mail;

/// <summary>The key ring of the folder in <c>kernel:mail:keys</c>, read again when something in it changes. Thread-safe.</summary>
internal sealed class MailKeys(IOptionsMonitor<MailOptions> options, ILogger<MailKeys> log) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private KeyRing? _ring;
    private string _stamp = "";

    /// <summary>The ring, or null when no folder is set.</summary>
    public async Task<KeyRing?> RingAsync(CancellationToken cancel)
    {
        var folder = options.CurrentValue.Keys;
        if (folder.Length == 0)
            return null;
        await _one.WaitAsync(cancel);
        try
        {
            var stamp = Stamp(folder);
            if (_ring is not null && stamp == _stamp)
                return _ring;
            var ring = await KeyRing.ReadAsync(folder, cancel);
            foreach (var file in ring.Unreadable)
                KernelLog.KeyUnreadable(log, file);
            _ring?.Dispose();
            (_ring, _stamp) = (ring, stamp);
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
        _one.Dispose();
    }

    private static string Stamp(string folder) =>
        string.Join('\n', new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).OrderBy(f => f.FullName, StringComparer.Ordinal).Select(f => $"{f.FullName} {f.Length} {f.LastWriteTimeUtc.Ticks}"));
}
