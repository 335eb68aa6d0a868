using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Backup;

/// <summary>One noted backup.</summary>
public sealed class BackupLine
{
    /// <summary>Its id.</summary>
    public Guid Id { get; init; }

    /// <summary>When it was written, UTC.</summary>
    public DateTimeOffset MadeAt { get; init; }

    /// <summary>Path on the machine.</summary>
    public string File { get; init; } = "";

    /// <summary>Size of the file.</summary>
    public long Bytes { get; init; }

    /// <summary>How long it took.</summary>
    public double Seconds { get; init; }

    /// <summary>Rows of all tables.</summary>
    public long TableRows { get; init; }

    /// <summary>Stored files in it.</summary>
    public int Files { get; init; }

    /// <summary>Stored files that were lost already when it was written.</summary>
    public int Lost { get; init; }

    /// <summary>When it was last read through; null where it never was.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>Who read it.</summary>
    public string? CheckedBy { get; init; }

    /// <summary>Whether it was whole then.</summary>
    public bool? Whole { get; init; }

    /// <summary>What was found.</summary>
    public string? Words { get; init; }

    /// <summary>True while the file lies in the backups' folder: it can be downloaded and read through.</summary>
    public bool IsHere { get; set; }
}

/// <summary>What the page of backups shows.</summary>
/// <param name="Recipient">Public half of the recovery key; null while there is none.</param>
/// <param name="Folder">Where backups are written.</param>
/// <param name="Nightly">True when one is written each night.</param>
/// <param name="Keep">How many stay.</param>
/// <param name="Doing">True while one is written or read.</param>
/// <param name="Writes">True while one is written.</param>
/// <param name="Since">When that began.</param>
/// <param name="Failed">Why the last order failed.</param>
/// <param name="Lines">The newest first.</param>
public sealed record BackupSheet(string? Recipient, string Folder, bool Nightly, int Keep, bool Doing, bool Writes, DateTimeOffset? Since, string? Failed, IReadOnlyList<BackupLine> Lines);

/// <summary>The backups that were written, the key they are for, and what goes on.</summary>
internal sealed class ShowBackups(Database database, DataFolder data, BackupFolder folder, BackupDesk desk, KernelOptions options) : Query<Done, BackupSheet>
{
    private const int Shown = 60;

    private const string Newest =
        """
        select b.id, b.made_at, b.file, b.bytes, b.seconds, b.table_rows, b.files, b.lost, c.at as checked_at, c.by_name as checked_by, c.whole, c.words
        from kernel.backups b
        left join lateral (select at, by_name, whole, words from kernel.backup_checks where backup_id = b.id order by at desc limit 1) c on true
        order by b.made_at desc
        limit @Shown
        """;

    public override Permission Permission => KernelPermissions.ManageBackups;

    protected override async Task<Outcome<BackupSheet>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel)
    {
        var lines = await database.QueryAsync<BackupLine>(Newest, new { Shown }, cancel);
        foreach (var line in lines)
            line.IsHere = folder.Find(line.File) is not null;
        var state = desk.State;
        return new BackupSheet(RecoveryKey.Recipient(data), folder.Place, folder.IsNamed, options.Backup.Keep, state.Since is not null, state.Writes, state.Since, state.Failed, lines);
    }
}
