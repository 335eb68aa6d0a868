using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Import;

/// <summary>Shows a kept file again, read against the directory as it is now.</summary>
internal sealed class ShowImport(Database database) : Query<Guid, ImportPreview>
{
    private const string Find = "select file_name, content from directory.imports where id = @Id and by_id = @By";

    public override Permission Permission => Permissions.Import;

    protected override async Task<Outcome<ImportPreview>> HandleAsync(Viewer viewer, Guid request, CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(viewer, cancel);
        var kept = await work.FindAsync<KeptRow>(Find, new { Id = request, By = viewer.Id.Value }, cancel);
        if (kept is null)
            return Refuse.NotFound("directory.refused.no-import");
        var read = ImportSheet.Read(kept.Content, await ImportGroundReader.ReadAsync(work, cancel));
        return read.TryGet(out var sheet) ? PreviewImport.Preview(request, kept.FileName, sheet) : Outcome<ImportPreview>.Refused(read.Refusals);
    }

    private sealed record KeptRow(string FileName, byte[] Content);
}
