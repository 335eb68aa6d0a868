using System.Security.Cryptography;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Disk;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Appliance.Kernel.Mail;

/// <summary>Takes messages out of the maildir: bytes stored and committed first, then the file moved from <c>new</c> to <c>cur</c>, then parsed.</summary>
/// <remarks>
/// Exactly once: a file found again after a crash has the same name and content, and its row exists. Watched by inotify where it works and read every two
/// seconds anyway, since network file systems do not tell.
/// </remarks>
internal sealed class MaildirReceiver(Database database, MailReading reading, IntakeGate gate, IOptionsMonitor<MailOptions> options, ILogger<MaildirReceiver> log) : BackgroundService
{
    private const string InsertRaw =
        "insert into kernel.mail_raw (sha256, bytes, stored_at) values (@Sha256, @Bytes, @Now) on conflict (sha256) do nothing";

    private const string InsertMail =
        """
        insert into kernel.mail_in (id, file_name, sha256, size, received_at, state, reason, tlp, pap)
        values (@Id, @Name, @Sha256, @Size, @Now, @State, @Reason, @Tlp, @Pap)
        on conflict (file_name, sha256) do nothing
        """;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var complained = "";
        if (options.CurrentValue.Maildir.Length > 0)
            await reading.WarmAsync(stoppingToken);
        using var wake = new SemaphoreSlim(0, 1);
        FileSystemWatcher? watcher = null;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                var folder = options.CurrentValue.Maildir;
                try
                {
                    // Without room, mail waits in the maildir, where it is as safe as ever.
                    if (folder.Length > 0 && gate.IsOpen)
                    {
                        watcher ??= Watch(folder, wake);
                        await TakeAllAsync(folder, stoppingToken);
                    }
                    while (await reading.ReadOneAsync(stoppingToken))
                    {
                    }
                    complained = "";
                }
                catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
                {
                    return;
                }
                catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
                {
                    if (complained != fault.Message)
                        KernelLog.MaildirUnreadable(log, folder, fault.Message);
                    complained = fault.Message;
                    watcher?.Dispose();
                    watcher = null;
                }
                catch (Exception fault) when (fault is NpgsqlException or TimeoutException)
                {
                    KernelLog.MailInterrupted(log, fault.Message);
                    gate.Refused(fault);
                }
                await ((Task)wake.WaitAsync(TimeSpan.FromSeconds(2), stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            watcher?.Dispose();
        }
    }

    /// <summary>Stores everything that lies in <c>new</c>; answers how many files. Public for tests that step.</summary>
    public async Task<int> TakeAllAsync(string folder, CancellationToken cancel)
    {
        var arrived = Path.Combine(folder, "new");
        Directory.CreateDirectory(Path.Combine(folder, "cur"));
        Directory.CreateDirectory(Path.Combine(folder, "tmp"));
        Directory.CreateDirectory(arrived);
        var count = 0;
        foreach (var file in new DirectoryInfo(arrived).EnumerateFiles().OrderBy(f => f.LastWriteTimeUtc).ThenBy(f => f.Name, StringComparer.Ordinal))
        {
            // A link could name any file of this machine.
            if (file.Name.StartsWith('.') || file.LinkTarget is not null)
                continue;
            await TakeAsync(folder, file, cancel);
            count++;
        }
        return count;
    }

    private async Task TakeAsync(string folder, FileInfo file, CancellationToken cancel)
    {
        var largest = options.CurrentValue.LargestMegabytes * 1024L * 1024;
        var tooLarge = file.Length > largest;
        var bytes = tooLarge ? null : await File.ReadAllBytesAsync(file.FullName, cancel);
        var sha256 = bytes is not null ? SHA256.HashData(bytes) : await HashAsync(file, cancel);
        var name = file.Name.Split(':')[0];
        var id = MailId.New();
        await using (var work = await database.BeginAsync(Viewer.System("kernel"), cancel))
        {
            if (bytes is not null)
                await work.ExecuteAsync(InsertRaw, new { Sha256 = sha256, Bytes = bytes, work.Now }, cancel);
            var marking = Marking.Default;
            var added = await work.ExecuteAsync(
                InsertMail,
                new
                {
                    Id = id.Value,
                    Name = name,
                    Sha256 = sha256,
                    Size = file.Length,
                    work.Now,
                    State = tooLarge ? "quarantined" : "stored",
                    Reason = tooLarge ? $"above the limit of {options.CurrentValue.LargestMegabytes} MB; it lies in the maildir as cur/{name}" : null,
                    Tlp = (short)marking.Tlp,
                    Pap = (short)marking.Pap,
                },
                cancel);
            if (added > 0 && tooLarge)
                work.Publish(new MailReceived { Mail = id, MessageId = $"{Convert.ToHexStringLower(sha256)}@content", From = "", Subject = "", Unreadable = true, Marking = marking });
            await work.CommitAsync(cancel);
            if (added > 0)
                KernelLog.MailTakenIn(log, id.Value, file.Length);
        }
        file.MoveTo(Path.Combine(folder, "cur", $"{name}:2,S"), overwrite: true);
    }

    private static async Task<byte[]> HashAsync(FileInfo file, CancellationToken cancel)
    {
        await using var content = file.OpenRead();
        return await SHA256.HashDataAsync(content, cancel);
    }

    private static FileSystemWatcher Watch(string folder, SemaphoreSlim wake)
    {
        Directory.CreateDirectory(Path.Combine(folder, "new"));
        var watcher = new FileSystemWatcher(Path.Combine(folder, "new"));
        watcher.Created += (_, _) => Wake(wake);
        watcher.Renamed += (_, _) => Wake(wake);
        watcher.EnableRaisingEvents = true;
        return watcher;
    }

    private static void Wake(SemaphoreSlim wake)
    {
        if (wake.CurrentCount == 0)
            wake.Release();
    }
}
