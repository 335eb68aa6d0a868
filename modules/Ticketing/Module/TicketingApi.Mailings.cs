using Appliance.Contracts;
using Appliance.Kernel.Csv;
using Appliance.Kernel.Files;
using Appliance.Kernel.Modules;
using Appliance.Ticketing.Mailings;
using Microsoft.AspNetCore.Http;

namespace Appliance.Ticketing;

/// <summary>One notice to the contacts of many addresses and names.</summary>
internal static partial class TicketingApi
{
    private static void DescribeMailings(IModuleBuilder builder) => builder
        .Endpoint("GET", "incidents/{number}/mailings", Permissions.Mail, (Viewer viewer, ListMailings query, string number, CancellationToken cancel) => query.RunAsync(viewer, number, cancel))
        .Endpoint("POST", "incidents/{id:guid}/mailings", Permissions.Mail, (Viewer viewer, PrepareMailing act, Guid id, MailingBody body, CancellationToken cancel) => act.RunAsync(viewer, new(new(id), body.List, body.Kind), cancel))
        .Example(new { list = "192.0.2.10,infected with Example\n198.51.100[.]7", kind = "infected" })
        .Endpoint("POST", "incidents/{id:guid}/mailings/file", Permissions.Mail, FileAsync)
        .Endpoint("GET", "mailings/{id:guid}", Permissions.Mail, (Viewer viewer, ShowMailing query, Guid id, CancellationToken cancel) => query.RunAsync(viewer, id, cancel))
        .Endpoint("PUT", "mailings/{id:guid}", Permissions.Mail, (Viewer viewer, EditMailing act, Guid id, MailingEditBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Version, body.Kind, body.Words, body.WithFile, body.Override), cancel))
        .Example(new { version = 1, withFile = true, words = new { en = new { subject = "{count} machines of {organisation}", text = "Please look at these:\n\n{items}\n\nOur reference: {reference}" } } })
        .Endpoint("GET", "mailings/{id:guid}/letters", Permissions.Mail, (Viewer viewer, ListLetters query, Guid id, CancellationToken cancel, string? after = null, int limit = 50) => query.RunAsync(viewer, new(id, after, limit), cancel))
        .Endpoint("GET", "letters/{id:guid}", Permissions.Mail, (Viewer viewer, PreviewLetter query, Guid id, CancellationToken cancel) => query.RunAsync(viewer, id, cancel))
        .Endpoint("POST", "mailings/{id:guid}/letters/{letter:guid}/leave", Permissions.Mail, (Viewer viewer, LeaveOut act, Guid id, Guid letter, LeaveBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, letter, body.LeftOut), cancel))
        .Example(new { leftOut = true })
        .Endpoint("GET", "mailings/{id:guid}/exceptions", Permissions.Mail, (Viewer viewer, ListExceptions query, Guid id, CancellationToken cancel, string? after = null, int limit = 50) => query.RunAsync(viewer, new(id, after, limit), cancel))
        .Endpoint("GET", "mailings/{id:guid}/exceptions.csv", Permissions.Mail, ListExceptions.CsvAsync)
        .Endpoint("POST", "mailings/{id:guid}/address", Permissions.Mail, (Viewer viewer, AddressItems act, Guid id, AddressBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Items ?? [], body.Address, body.Organisation, body.Language), cancel))
        .Example(new { items = new[] { 2 }, address = "abuse@hosting.example", organisation = "Sample Hosting", language = "en" })
        .Endpoint("POST", "mailings/{id:guid}/send", Permissions.Mail, (Viewer viewer, SendMailing act, Guid id, CancellationToken cancel) => act.RunAsync(viewer, id, cancel))
        .Endpoint("POST", "mailings/{id:guid}/remind", Permissions.Mail, (Viewer viewer, RemindMailing act, Guid id, CancellationToken cancel) => act.RunAsync(viewer, id, cancel));

    /// <summary>The list as a file, UTF-8 or UTF-16; <c>kind</c> stands in the address.</summary>
    private static async Task<Outcome<MailingRef>> FileAsync(HttpContext http, Viewer viewer, PrepareMailing act, Guid id, CancellationToken cancel, string? kind = null)
    {
        if (await Upload.OpenAsync(http, PastedList.MostBytes, cancel) is not { } upload)
            return Refuse.Invalid("ticketing.refused.mailing-empty", "file");
        using var memory = new MemoryStream();
        await upload.Content.CopyToAsync(memory, cancel);
        return CsvReader.Decode(memory.ToArray()) is { } list ? await act.RunAsync(viewer, new(new(id), list, kind), cancel) : Refuse.Invalid("ticketing.refused.mailing-text", "file");
    }

    /// <param name="List">The list; without one the incident's own traces.</param>
    internal sealed record MailingBody(string? List = null, string? Kind = null);

    internal sealed record MailingEditBody(int Version, string? Kind = null, IReadOnlyDictionary<string, LetterWords?>? Words = null, bool? WithFile = null, string? Override = null);

    internal sealed record LeaveBody(bool LeftOut = true);

    internal sealed record AddressBody(string Address, IReadOnlyList<int>? Items = null, string Organisation = "", string Language = "en");
}
