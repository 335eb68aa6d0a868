using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Disk;
using Appliance.Kernel.Files;
using MaxMind.Db;
using Microsoft.AspNetCore.Http;

namespace Appliance.Ticketing.Lookups;

/// <summary>Asks for the tables of places.</summary>
internal sealed record ListPlacesRequest;

/// <summary>The tables of places in the box, with what is wrong with each.</summary>
internal sealed class ListPlaces(LocalPlaces places) : Query<ListPlacesRequest, IReadOnlyList<PlaceTable>>
{
    public override Permission Permission => Permissions.Places;

    protected override Task<Outcome<IReadOnlyList<PlaceTable>>> HandleAsync(Viewer viewer, ListPlacesRequest request, CancellationToken cancel) =>
        Task.FromResult<Outcome<IReadOnlyList<PlaceTable>>>(places.Tables.ToList());
}

/// <summary>A table that has come whole; <paramref name="Name"/> is as its sender wrote it.</summary>
internal sealed record TakePlacesRequest(string Path, string Name);

/// <summary>Takes a table into use in place of one of the same name. What cannot be read as a table is refused, and the old one stays.</summary>
internal sealed class TakePlaces(Database database, LocalPlaces places) : Act<TakePlacesRequest, string>(database)
{
    /// <summary>Largest table, in bytes.</summary>
    public const long Limit = 512L << 20;

    public override Permission Permission => Permissions.Places;

    /// <summary>Streams the file of a request to the disk, then takes it; nothing is left behind when it is refused.</summary>
    public static async Task<Outcome<string>> ReceiveAsync(HttpContext http, Viewer viewer, LocalPlaces places, TakePlaces take, CancellationToken cancel)
    {
        if (await Upload.OpenAsync(http, Limit, cancel) is not { } upload)
            return Refuse.Invalid("ticketing.refused.no-file", "file");
        var path = Path.Combine(Directory.CreateDirectory(places.Folder).FullName, $".{Guid.NewGuid():n}.part");
        try
        {
            await using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous))
                await upload.Content.CopyToAsync(file, cancel);
            return await take.RunAsync(viewer, new(path, upload.Name), cancel);
        }
        catch (IOException fault) when (FullDisk.Is(fault))
        {
            return Refuse.Unavailable("kernel.refused.no-room");
        }
        finally
        {
            File.Delete(path);
        }
    }

    protected override Task<Outcome<string>> HandleAsync(Work work, TakePlacesRequest request, CancellationToken cancel)
    {
        var name = NameOf(request.Name);
        try
        {
            using var reader = new Reader(request.Path, FileAccessMode.MemoryMapped);
            work.Audit("ticketing.places.taken", $"places/{name}", new { name, type = LookupFact.Of("type", reader.Metadata.DatabaseType)?.Value ?? "", built = reader.Metadata.BuildDate });
        }
        catch (Exception fault) when (fault is InvalidDatabaseException or IOException or OverflowException or ArgumentException)
        {
            return Task.FromResult<Outcome<string>>(Refuse.Invalid("ticketing.refused.no-table", "file", name));
        }
        File.Move(request.Path, Path.Combine(places.Folder, name), overwrite: true);
        places.Forget();
        return Task.FromResult<Outcome<string>>(name);
    }

    /// <summary>The last part of the name a browser gave, as a plain file name that ends in .mmdb.</summary>
    internal static string NameOf(string name)
    {
        var last = System.IO.Path.GetFileNameWithoutExtension(name.Replace('\\', '/').Split('/')[^1]);
        var safe = new string([.. last.Where(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_').Take(60)]);
        return $"{(safe.Length == 0 ? "places" : safe)}.mmdb";
    }
}

/// <summary>A table by its file name.</summary>
internal sealed record RemovePlacesRequest(string Name);

/// <summary>Takes a table of places out of use.</summary>
internal sealed class RemovePlaces(Database database, LocalPlaces places) : Act<RemovePlacesRequest, Done>(database)
{
    public override Permission Permission => Permissions.Places;

    protected override Task<Outcome<Done>> HandleAsync(Work work, RemovePlacesRequest request, CancellationToken cancel)
    {
        if (places.Tables.FirstOrDefault(t => t.File == request.Name) is not { } table)
            return Task.FromResult<Outcome<Done>>(Refuse.NotFound("ticketing.refused.no-places"));
        File.Delete(Path.Combine(places.Folder, table.File));
        places.Forget();
        work.Audit("ticketing.places.removed", $"places/{table.File}", new { name = table.File });
        return Task.FromResult<Outcome<Done>>(default(Done));
    }
}
