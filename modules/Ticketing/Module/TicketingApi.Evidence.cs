using Appliance.Contracts;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Modules;
using Appliance.Ticketing.Evidence;
using Appliance.Ticketing.Notices;

namespace Appliance.Ticketing;

/// <summary>Files that are kept, and their custody.</summary>
internal static partial class TicketingApi
{
    private static void DescribeEvidence(IModuleBuilder builder) => builder
        .Endpoint("GET", "incidents/{id:guid}/evidence", Permissions.Read, Evidence)
        .Endpoint("POST", "incidents/{id:guid}/evidence", Permissions.Keep, EvidenceEndpoints.KeepAsync)
        .Endpoint("GET", "incidents/{id:guid}/mail-files", Permissions.Keep, MailFiles)
        .Endpoint("POST", "incidents/{id:guid}/evidence/mail", Permissions.Keep, KeepMailFile)
        .Example(new { mail = OneId, part = "2" })
        .Endpoint("GET", "incidents/{id:guid}/notice-files", Permissions.Mail, NoticeFiles)
        .Endpoint("POST", "incidents/{id:guid}/notice-files", Permissions.Mail, EvidenceEndpoints.AttachAsync)
        .Endpoint("DELETE", "notice-files/{id:guid}", Permissions.Mail, Detach)
        .Endpoint("GET", "evidence/{id:guid}", Permissions.Read, View)
        .Endpoint("GET", "evidence/{id:guid}/download", Permissions.Take, EvidenceEndpoints.DownloadAsync)
        .Endpoint("GET", "evidence/{id:guid}/custody.txt", Permissions.Read, EvidenceEndpoints.CustodyTextAsync)
        .Endpoint("GET", "evidence/{id:guid}/custody.csv", Permissions.Read, EvidenceEndpoints.CustodyCsvAsync)
        .Endpoint("POST", "evidence/{id:guid}/custody", Permissions.Keep, NoteLine)
        .Example(new { act = "handed-over", party = "Forensic laboratory", note = "On a sealed disk." })
        .Endpoint("POST", "evidence/{id:guid}/verify", Permissions.Keep, Verify)
        .Endpoint("POST", "evidence/{id:guid}/members", Permissions.Take, EvidenceMembers)
        .Example(new { password = "infected" })
        .Endpoint("POST", "evidence/{id:guid}/destroy", Permissions.Destroy, Destroy)
        .Example(new { reason = "Court order of 3 March" });

    private static Task<Outcome<IReadOnlyList<EvidenceLine>>> Evidence(Viewer viewer, ListEvidence query, Guid id, CancellationToken cancel) => query.RunAsync(viewer, new(new(id)), cancel);

    private static Task<Outcome<IReadOnlyList<MailFileLine>>> MailFiles(Viewer viewer, ListMailFiles query, Guid id, CancellationToken cancel) => query.RunAsync(viewer, new(new(id)), cancel);

    private static Task<Outcome<EvidenceKept>> KeepMailFile(Viewer viewer, KeepFromMail keep, Guid id, MailFileBody body, CancellationToken cancel) =>
        keep.RunAsync(viewer, new(new(id), new(body.Mail), body.Part, body.Traces), cancel);

    private static Task<Outcome<EvidenceSheet>> View(Viewer viewer, ViewEvidence act, Guid id, CancellationToken cancel) => act.RunAsync(viewer, new(id), cancel);

    private static Task<Outcome<int>> NoteLine(Viewer viewer, NoteCustody act, Guid id, CustodyBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Act, body.Party, body.Note), cancel);

    private static Task<Outcome<EvidenceState>> Verify(Viewer viewer, VerifyEvidence act, Guid id, CancellationToken cancel) => act.RunAsync(viewer, new(id), cancel);

    private static Task<Outcome<ParsedArchive>> EvidenceMembers(Viewer viewer, ReadMembers members, Guid id, MembersBody body, CancellationToken cancel) => members.RunAsync(viewer, id, body.Password, cancel);

    private static Task<Outcome<Done>> Destroy(Viewer viewer, DestroyEvidence act, Guid id, DestroyBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Reason), cancel);

    private static Task<Outcome<IReadOnlyList<NoticeFileLine>>> NoticeFiles(Viewer viewer, ListNoticeFiles query, Guid id, CancellationToken cancel) => query.RunAsync(viewer, new(new(id)), cancel);

    private static Task<Outcome<Done>> Detach(Viewer viewer, DetachFile act, Guid id, CancellationToken cancel) => act.RunAsync(viewer, new(id), cancel);

    internal sealed record MailFileBody(Guid Mail, string Part, bool Traces = true);

    internal sealed record CustodyBody(string Act, string Party, string Note = "");

    internal sealed record MembersBody(string? Password = null);

    internal sealed record DestroyBody(string Reason);
}
