using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Import;

/// <summary>A CSV file as it was uploaded.</summary>
internal sealed record ImportFile(string FileName, byte[] Content);

/// <summary>What applying the file would do.</summary>
/// <param name="Id">Name it when applying.</param>
/// <param name="Faults">Why rows are left out; the first <see cref="PreviewImport.MaxFaults"/>.</param>
/// <param name="Sample">The first good rows.</param>
internal sealed record ImportPreview(Guid Id, string FileName, int GoodRows, int BadRows, int NewConstituents, IReadOnlyList<ImportFault> Faults, IReadOnlyList<ImportRow> Sample, IReadOnlyList<string> IgnoredColumns);

/// <summary>First step: reads the file, keeps it, and names every bad row. Writes nothing to the directory.</summary>
internal sealed class PreviewImport(Database database) : Act<ImportFile, ImportPreview>(database)
{
    public const int MaxFaults = 1_000;

    private const string Keep =
        """
        insert into directory.imports (id, by_id, file_name, content, good_rows, bad_rows, previewed_at)
        values (@Id, @By, @FileName, @Content, @Good, @Bad, @Now)
        """;

    public override Permission Permission => Permissions.Import;

    protected override async Task<Outcome<ImportPreview>> HandleAsync(Work work, ImportFile request, CancellationToken cancel)
    {
        var read = ImportSheet.Read(request.Content, await ImportGroundReader.ReadAsync(work, cancel));
        if (!read.TryGet(out var sheet))
            return Outcome<ImportPreview>.Refused(read.Refusals);
        var id = Guid.CreateVersion7();
        var fileName = Path.GetFileName(request.FileName ?? "");
        fileName = fileName[..Math.Min(fileName.Length, 200)];
        await work.ExecuteAsync(Keep, new { Id = id, By = work.Viewer.Id.Value, FileName = fileName, request.Content, Good = sheet.Rows.Count, Bad = sheet.BadRows, work.Now }, cancel);
        work.Audit("directory.import.previewed", $"import/{id}", new { Good = sheet.Rows.Count, Bad = sheet.BadRows });
        return Preview(id, fileName, sheet);
    }

    internal static ImportPreview Preview(Guid id, string fileName, ImportSheet sheet) => new(
        id,
        fileName,
        sheet.Rows.Count,
        sheet.BadRows,
        sheet.Rows.Where(r => r.IsNew).DistinctBy(r => r.Name, StringComparer.OrdinalIgnoreCase).Count(),
        [.. sheet.Faults.Take(MaxFaults)],
        [.. sheet.Rows.Take(50)],
        sheet.IgnoredColumns);
}
