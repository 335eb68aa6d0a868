using System.Net;
using Appliance.Contracts;
using Appliance.Directories.Constituents;
using Appliance.Directories.Contacts;
using Appliance.Directories.Import;
using Appliance.Directories.Networks;
using Appliance.Kernel.Modules;
using Microsoft.AspNetCore.Http;

namespace Appliance.Directories;

/// <summary>The directory over <c>/api/v1/directory</c>: the same acts and queries as the pages.</summary>
internal static class DirectoryApi
{
    public static void Describe(IModuleBuilder builder) => builder
        .Endpoint("GET", "constituents", Permissions.Read, List)
        .Endpoint("POST", "constituents", Permissions.Edit, Add)
        .Example(new { name = "Ministry of Finance", sector = "government", country = "ZZ", defaultTlp = "amber", languages = new[] { "en" }, notes = "Duty desk answers at night." })
        .Endpoint("GET", "constituents/{id:guid}", Permissions.Read, Show)
        .Endpoint("PUT", "constituents/{id:guid}", Permissions.Edit, Edit)
        .Example(new { version = 1, fields = new { name = "Ministry of Finance", sector = "government", country = "ZZ", defaultTlp = "amber", languages = new[] { "en" }, notes = "Duty desk answers at night." } })
        .Endpoint("DELETE", "constituents/{id:guid}", Permissions.Edit, Remove)
        .Endpoint("POST", "constituents/{id:guid}/networks", Permissions.Edit, AddNetwork)
        .Example(new { text = "192.0.2.0/26" })
        .Endpoint("DELETE", "constituents/{id:guid}/networks/{network:guid}", Permissions.Edit, RemoveNetwork)
        .Endpoint("POST", "constituents/{id:guid}/contacts", Permissions.Edit, AddContact)
        .Example(new { name = "Duty officer", mail = "soc@finance.example", purpose = "security", language = "en" })
        .Endpoint("DELETE", "constituents/{id:guid}/contacts/{contact:guid}", Permissions.Edit, RemoveContact)
        .Endpoint("GET", "lookup", Permissions.Read, Lookup)
        .Endpoint("POST", "imports", Permissions.Import, Preview)
        .Endpoint("POST", "imports/upload", Permissions.Import, Upload)
        .Endpoint("POST", "imports/{id:guid}/apply", Permissions.Import, Apply)
        .Endpoint("GET", "constituents.csv", Permissions.Read, Export)
        .Endpoint("GET", "list.csv", Permissions.Read, ExportLines.CsvAsync)
        .Endpoint("GET", "list.json", Permissions.Read, ExportLines.JsonAsync);

    private static Task<Outcome<Page<ConstituentLine>>> List(Viewer viewer, ListConstituents list, string? words, string? sector, bool? archived, string? after, int? limit, CancellationToken cancel) =>
        list.RunAsync(viewer, new(words ?? "", sector ?? "", archived ?? false, after, limit ?? 50), cancel);

    private static Task<Outcome<ConstituentId>> Add(Viewer viewer, AddConstituent add, ConstituentFields fields, CancellationToken cancel) => add.RunAsync(viewer, fields, cancel);

    private static Task<Outcome<ConstituentSheet>> Show(Viewer viewer, ShowConstituent show, Guid id, CancellationToken cancel) => show.RunAsync(viewer, new(id), cancel);

    private static Task<Outcome<Done>> Edit(Viewer viewer, EditConstituent edit, Guid id, EditBody body, CancellationToken cancel) => edit.RunAsync(viewer, new(new(id), body.Version, body.Fields), cancel);

    private static Task<Outcome<Done>> Remove(Viewer viewer, RemoveConstituent remove, Guid id, CancellationToken cancel) => remove.RunAsync(viewer, new(id), cancel);

    private static Task<Outcome<Guid>> AddNetwork(Viewer viewer, AddNetwork add, Guid id, NetworkBody body, CancellationToken cancel) => add.RunAsync(viewer, new(new(id), body.Text), cancel);

    private static Task<Outcome<Done>> RemoveNetwork(Viewer viewer, RemoveNetwork remove, Guid id, Guid network, CancellationToken cancel) => remove.RunAsync(viewer, new(new(id), network), cancel);

    private static Task<Outcome<Guid>> AddContact(Viewer viewer, AddContact add, Guid id, ContactFields contact, CancellationToken cancel) => add.RunAsync(viewer, new(new(id), contact), cancel);

    private static Task<Outcome<Done>> RemoveContact(Viewer viewer, RemoveContact remove, Guid id, Guid contact, CancellationToken cancel) => remove.RunAsync(viewer, new(new(id), contact), cancel);

    private static Outcome<ConstituentMatch> Lookup(IConstituency constituency, string? address, string? name)
    {
        if (address is not null && !IPAddress.TryParse(address, out _))
            return Refuse.Invalid("directory.refused.prefix", "address", address);
        var match = address is not null ? constituency.Find(IPAddress.Parse(address)) : constituency.Find(name ?? "");
        return match is null ? Refuse.NotFound("directory.refused.no-holder", address ?? name ?? "") : match;
    }

    private static async Task<Outcome<ImportPreview>> Preview(Viewer viewer, PreviewImport preview, HttpRequest request, CancellationToken cancel)
    {
        using var content = new MemoryStream();
        var buffer = new byte[65_536];
        int read;
        while (content.Length <= ImportSheet.MaxBytes && (read = await request.Body.ReadAsync(buffer, cancel)) > 0)
            content.Write(buffer, 0, read);
        return await preview.RunAsync(viewer, new("upload.csv", content.ToArray()), cancel);
    }

    /// <summary>For forms: answers only the id, the page reads the rest.</summary>
    private static async Task<Outcome<Uploaded>> Upload(Viewer viewer, PreviewImport preview, IFormFile file, CancellationToken cancel)
    {
        if (file.Length > ImportSheet.MaxBytes)
            return Refuse.Invalid("directory.refused.import-size", null, file.Length / 1024, ImportSheet.MaxBytes / 1024);
        using var content = new MemoryStream();
        await file.CopyToAsync(content, cancel);
        var outcome = await preview.RunAsync(viewer, new(file.FileName, content.ToArray()), cancel);
        return outcome.TryGet(out var read) ? new Uploaded(read.Id) : Outcome<Uploaded>.Refused(outcome.Refusals);
    }

    private static Task<Outcome<ImportResult>> Apply(Viewer viewer, ApplyImport apply, Guid id, CancellationToken cancel) => apply.RunAsync(viewer, id, cancel);

    private static async Task<IResult> Export(Viewer viewer, ExportConstituents export, TimeProvider time, CancellationToken cancel)
    {
        var file = await export.RunAsync(viewer, default, cancel);
        return file.TryGet(out var bytes) ? Results.File(bytes, "text/csv; charset=utf-8", $"constituents-{time.GetUtcNow():yyyyMMdd}.csv") : Results.StatusCode(StatusCodes.Status403Forbidden);
    }

    internal sealed record EditBody(ConstituentFields Fields, int Version = 0);

    internal sealed record NetworkBody(string Text);

    internal sealed record Uploaded(Guid Id);
}
