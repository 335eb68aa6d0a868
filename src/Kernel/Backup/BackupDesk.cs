using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Appliance.Kernel.Backup;

/// <summary>Something that a person ordered from the page.</summary>
/// <param name="By">Who.</param>
/// <param name="Check">The backup to read through; null to write one.</param>
/// <param name="File">Its file.</param>
/// <param name="Secret">The recovery key for reading. In memory alone, for as long as the order lasts.</param>
internal sealed record BackupOrder(Viewer By, Guid? Check = null, string File = "", string Secret = "")
{
    public override string ToString() => Check is null ? "write" : $"check {Check}";
}

/// <summary>What is being done, or what came of the last order that failed.</summary>
/// <param name="Writes">True while a backup is written.</param>
/// <param name="Checks">The backup that is being read through.</param>
/// <param name="Since">When it began, UTC.</param>
/// <param name="Failed">Why the last order failed; null when it did not.</param>
internal sealed record BackupState(bool Writes, Guid? Checks, DateTimeOffset? Since, string? Failed);

/// <summary>Writes and reads backups for the page, one after the other and away from it: whoever leaves the page, or its circuit, changes nothing. What a stopped host left is ordered again by a person.</summary>
internal sealed class BackupDesk(MakeBackup make, BackupFolder folder, Database database, TimeProvider time, ILogger<BackupDesk> log) : BackgroundService
{
    private const string Note =
        """
        insert into kernel.backup_checks (id, backup_id, at, by_name, whole, words, seconds)
        values (@Id, @Backup, @Now, @By, @Whole, @Words, @Seconds)
        """;

    private readonly Channel<BackupOrder> _orders = Channel.CreateUnbounded<BackupOrder>();

    private int _taken;

    private volatile BackupState _state = new(false, null, null, null);

    /// <summary>What goes on. Safe from any thread.</summary>
    public BackupState State => _state;

    /// <summary>False when something is ordered already.</summary>
    public bool Order(BackupOrder order)
    {
        // Of several at once one is taken, and the others are told: an order that is dropped must not look done.
        if (Interlocked.Exchange(ref _taken, 1) == 1)
            return false;
        _state = new(order.Check is null, order.Check, time.GetUtcNow(), null);
        return _orders.Writer.TryWrite(order);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var order in _orders.Reader.ReadAllAsync(stoppingToken))
            {
                _state = new(false, null, null, await DoAsync(order, stoppingToken));
                Volatile.Write(ref _taken, 0);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            KernelLog.BackupDeskStopped(log);
        }
    }

    private async Task<string?> DoAsync(BackupOrder order, CancellationToken cancel)
    {
        try
        {
            if (order.Check is { } backup)
                await CheckAsync(order, backup, cancel);
            else
                await WriteAsync(order, cancel);
            return null;
        }
        catch (Exception fault) when (!cancel.IsCancellationRequested)
        {
            // Whatever an order throws ends that order and is shown; it must not end the host.
            KernelLog.BackupOrderFailed(log, order.ToString(), fault);
            return fault.Message;
        }
    }

    private async Task WriteAsync(BackupOrder order, CancellationToken cancel)
    {
        await make.RunAsync(order.By, folder.NewFile(), cancel);
        folder.Trim();
    }

    private async Task CheckAsync(BackupOrder order, Guid backup, CancellationToken cancel)
    {
        var since = Stopwatch.GetTimestamp();
        var (whole, words) = await ReadAsync(order, cancel);
        await using var work = await database.BeginAsync(order.By, cancel);
        await work.ExecuteAsync(Note, new { Id = Guid.CreateVersion7(), Backup = backup, work.Now, By = order.By.Name, Whole = whole, Words = words, Seconds = Stopwatch.GetElapsedTime(since).TotalSeconds }, cancel);
        work.Audit(whole ? "kernel.backup.checked" : "kernel.backup.check-failed", $"backup/{backup}", new { words });
        await work.CommitAsync(cancel);
    }

    private static async Task<(bool Whole, string Words)> ReadAsync(BackupOrder order, CancellationToken cancel)
    {
        try
        {
            var (manifest, trailer) = await new BackupReader(order.File, order.Secret).ReadAsync(_ => (_, _, _) => Task.CompletedTask, cancel);
            return (true, string.Create(CultureInfo.InvariantCulture, $"{manifest.Tables.Count} tables, {manifest.Tables.Sum(t => t.Rows)} rows, {trailer.Entries.Count} entries, {trailer.Lost.Count} lost"));
        }
        catch (OperatorFault fault)
        {
            return (false, fault.Message);
        }
    }
}
