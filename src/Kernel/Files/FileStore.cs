using System.Buffers;
using System.Security.Cryptography;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Disk;

namespace Appliance.Kernel.Files;

/// <summary>A file in the store.</summary>
/// <param name="Sha256">Its name: SHA-256 of the content, 64 lower-case hex digits.</param>
/// <param name="Size">Bytes.</param>
/// <param name="MediaType">As whoever brought it said; never sent to a browser.</param>
public sealed record StoredFile(string Sha256, long Size, string MediaType);

/// <summary>Content-addressed files below the data folder: written whole, synced and renamed, so that a name always has its content. Thread-safe.</summary>
/// <remarks>
/// Put first, then own it in the act's transaction. A file that nobody owns leaves after a day, so an act that fails costs nothing.
/// Contents come from strangers: give them out only through <see cref="FileDownload"/>.
/// </remarks>
public sealed class FileStore(Database database, DataFolder data, KernelOptions options, TimeProvider time)
{
    private const string Upsert =
        """
        insert into kernel.files (sha256, size, media_type, created_at) values (@Hash, @Size, @MediaType, @Now)
        on conflict (sha256) do update set created_at = greatest(kernel.files.created_at, excluded.created_at)
        """;

    // A sweep of the same content waits until the row is there again.
    private const string LockContent = "select pg_advisory_xact_lock(('x' || @Key)::bit(64)::bigint)";

    private const string InsertOwner =
        """
        insert into kernel.file_owners (sha256, owner, name, added_at) values (@Hash, @Owner, @Name, @Now)
        on conflict (owner, sha256) do update set name = excluded.name
        """;

    private const string DropOwner = "delete from kernel.file_owners where owner = @Owner and (@Hash::bytea is null or sha256 = @Hash)";

    private const string One = "select encode(sha256, 'hex') as sha256, size, media_type from kernel.files where sha256 = @Hash";

    private const string OwnedBy = "select encode(o.sha256, 'hex') as sha256, f.size, f.media_type, o.name, o.added_at from kernel.file_owners o join kernel.files f on f.sha256 = o.sha256 where o.owner = @Owner order by o.added_at, o.sha256";

    private const string Unowned =
        """
        select sha256 from kernel.files f
        where f.created_at < @Before and not exists (select 1 from kernel.file_owners o where o.sha256 = f.sha256)
        limit 1000
        """;

    private const string DropUnowned =
        "delete from kernel.files f where f.sha256 = @Hash and f.created_at < @Before and not exists (select 1 from kernel.file_owners o where o.sha256 = f.sha256)";

    /// <summary>Reads <paramref name="content"/> to its end into the store.</summary>
    /// <param name="content">The bytes; not disposed.</param>
    /// <param name="mediaType">As claimed; cut at 200 characters.</param>
    /// <param name="largest">Limit in bytes; null for the appliance's own.</param>
    /// <param name="cancel">Stops it; nothing is left behind.</param>
    /// <returns>The file, or a refusal: <c>kernel.file.large</c> as soon as the limit is passed, <c>kernel.refused.no-room</c> when the disk is full.</returns>
    public async Task<Outcome<StoredFile>> PutAsync(Stream content, string mediaType, long? largest, CancellationToken cancel)
    {
        var limit = largest ?? options.LargestFileMiB * 1024L * 1024;
        var temporary = Path.Combine(data.Ensure("files/new"), Guid.NewGuid().ToString("N"));
        try
        {
            var (hash, size) = await WriteAsync(content, temporary, limit, cancel);
            if (size > limit)
                return Refuse.Invalid("kernel.file.large", null, limit / 1024 / 1024);
            mediaType = mediaType.Length > 200 ? mediaType[..200] : mediaType;
            await using var work = await database.BeginAsync(Viewer.System("kernel"), cancel);
            await work.ExecuteAsync(LockContent, new { Key = KeyOf(hash) }, cancel);
            Place(temporary, PathOf(hash));
            await work.ExecuteAsync(Upsert, new { Hash = hash, Size = size, MediaType = mediaType, Now = time.GetUtcNow() }, cancel);
            await work.CommitAsync(cancel);
            return new StoredFile(Convert.ToHexStringLower(hash), size, mediaType);
        }
        catch (IOException fault) when (FullDisk.Is(fault))
        {
            return Refuse.Unavailable("kernel.refused.no-room");
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Says within an act that <paramref name="owner"/> (<c>incident/…</c>) needs the file, under a name for people.</summary>
    public Task OwnAsync(Work work, StoredFile file, string owner, string name, CancellationToken cancel) =>
        work.ExecuteAsync(InsertOwner, new { Hash = Convert.FromHexString(file.Sha256), Owner = owner, Name = FileNames.Safe(name), work.Now }, cancel);

    /// <summary>Says within an act that <paramref name="owner"/> no longer needs the file, or any of its files.</summary>
    public Task DisownAsync(Work work, string owner, string? sha256, CancellationToken cancel) =>
        work.ExecuteAsync(DropOwner, new { Owner = owner, Hash = sha256 is null ? null : Convert.FromHexString(sha256) }, cancel);

    /// <summary>The files of an owner, in the order they were added.</summary>
    public Task<IReadOnlyList<OwnedFile>> OwnedByAsync(string owner, CancellationToken cancel) => database.QueryAsync<OwnedFile>(OwnedBy, new { Owner = owner }, cancel);

    /// <summary>What is known of a file, or null.</summary>
    public async Task<StoredFile?> FindAsync(string sha256, CancellationToken cancel) =>
        HashFrom(sha256) is { } hash ? await database.FindAsync<StoredFile>(One, new { Hash = hash }, cancel) : null;

    /// <summary>Opens the content for reading, or null where it is not there. The rights of the reader are the caller's business.</summary>
    public Stream? Open(string sha256)
    {
        if (HashFrom(sha256) is not { } hash || PathOf(hash) is not { } path || !File.Exists(path))
            return null;
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 64 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan);
    }

    /// <summary>Where a file lies, for programs that must read it by path.</summary>
    public string PathOf(string sha256) => PathOf(HashFrom(sha256) ?? throw new ArgumentException("not a SHA-256", nameof(sha256)));

    /// <summary>Deletes files that nobody owned for a day; answers how many.</summary>
    internal async Task<int> SweepAsync(CancellationToken cancel)
    {
        var before = time.GetUtcNow().AddDays(-1);
        var count = 0;
        foreach (var hash in await database.QueryAsync<byte[]>(Unowned, new { Before = before }, cancel))
        {
            await using var work = await database.BeginAsync(Viewer.System("kernel"), cancel);
            await work.ExecuteAsync(LockContent, new { Key = KeyOf(hash) }, cancel);
            if (await work.ExecuteAsync(DropUnowned, new { Hash = hash, Before = before }, cancel) == 0)
                continue;
            File.Delete(PathOf(hash));
            await work.CommitAsync(cancel);
            count++;
        }
        foreach (var left in Directory.EnumerateFiles(data.Ensure("files/new")))
            if (File.GetLastWriteTimeUtc(left) < before.UtcDateTime)
                File.Delete(left);
        return count;
    }

    private static async Task<(byte[] Hash, long Size)> WriteAsync(Stream content, string path, long limit, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
        try
        {
            await using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Options = FileOptions.Asynchronous,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
            });
            long size = 0;
            int read;
            while ((read = await content.ReadAsync(buffer, cancel)) > 0)
            {
                if ((size += read) > limit)
                    return ([], size);
                hash.AppendData(buffer, 0, read);
                await file.WriteAsync(buffer.AsMemory(0, read), cancel);
            }
            file.Flush(flushToDisk: true);
            return (hash.GetHashAndReset(), size);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Place(string temporary, string path)
    {
        if (File.Exists(path))
            return;
        var folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            FolderSync.Run(Path.GetDirectoryName(folder)!);
        }
        File.Move(temporary, path, overwrite: true);
        FolderSync.Run(folder);
    }

    private string PathOf(byte[] hash)
    {
        var name = Convert.ToHexStringLower(hash);
        return Path.Combine(data.Files, name[..2], name[2..4], name);
    }

    private static string KeyOf(byte[] hash) => Convert.ToHexStringLower(hash.AsSpan(0, 8));

    private static byte[]? HashFrom(string sha256) => sha256.Length == 64 && sha256.All(char.IsAsciiHexDigit) ? Convert.FromHexString(sha256) : null;
}

/// <summary>A file under the name its owner gave it.</summary>
/// <param name="Sha256">Its name in the store.</param>
/// <param name="Size">Bytes.</param>
/// <param name="MediaType">As claimed.</param>
/// <param name="Name">For people; made safe for any file system.</param>
/// <param name="AddedAt">When the owner added it.</param>
public sealed record OwnedFile(string Sha256, long Size, string MediaType, string Name, DateTimeOffset AddedAt);
