using System.Diagnostics;
using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Backup;

/// <summary>Writes a backup and notes it, for the operator's command and for the nightly job. One at a time in a process.</summary>
internal sealed class MakeBackup(Database database, DataFolder data, TimeProvider time)
{
    private const string Note =
        """
        insert into kernel.backups (id, made_at, file, bytes, seconds, table_rows, files, lost)
        values (@Id, @Now, @File, @Bytes, @Seconds, @Rows, @Files, @Lost)
        """;

    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Writes <paramref name="file"/>, which must not exist.</summary>
    /// <exception cref="OperatorFault">No recovery key, a file of that name, no room.</exception>
    public async Task<(BackupSummary Summary, TimeSpan Took)> RunAsync(Viewer by, string file, CancellationToken cancel)
    {
        var recipient = RecoveryKey.Recipient(data)
            ?? throw new OperatorFault("There is no recovery key yet.", "A backup is encrypted to a key that is printed once and kept away from this machine.", "Make it first: cirt backup --new-key");
        if (File.Exists(file))
            throw new OperatorFault("There is a file of that name already.", $"File: {file}", "Choose another name, or move it away: a backup never overwrites.");
        var access = DatabaseAccess.Load(data.DatabaseAccessFile) ?? throw new OperatorFault("The log-in of the database is missing.", $"File: {data.DatabaseAccessFile}", "Run: cirt migrate");
        await _one.WaitAsync(cancel);
        try
        {
            var since = Stopwatch.GetTimestamp();
            var summary = await new BackupWriter(database, access, data, time).WriteAsync(file, recipient, cancel);
            var took = Stopwatch.GetElapsedTime(since);
            await using var work = await database.BeginAsync(by, cancel);
            await work.ExecuteAsync(Note, new { Id = Guid.CreateVersion7(), work.Now, File = file, summary.Bytes, Seconds = took.TotalSeconds, summary.Rows, summary.Files, Lost = summary.Lost.Count }, cancel);
            work.Audit("kernel.backup.made", "appliance", new { file, summary.Bytes, summary.Tables, summary.Rows, summary.Files, lost = summary.Lost.Count });
            await work.CommitAsync(cancel);
            return (summary, took);
        }
        finally
        {
            _one.Release();
        }
    }
}
