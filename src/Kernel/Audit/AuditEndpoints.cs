using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Export;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Audit;

/// <summary>The audit trail for programs and as a file, filtered as on the page.</summary>
internal static class AuditEndpoints
{
    private static readonly IReadOnlyList<ExportColumn<AuditLine>> s_columns =
    [
        new("seal", e => e.Seal),
        new("at", e => e.At),
        new("actor", e => e.ActorName),
        new("actorId", e => e.ActorId.Value),
        new("action", e => e.Action),
        new("subject", e => e.Subject),
        new("detail", e => e.Detail),
        new("id", e => e.Id),
    ];

    public static void Describe(IModuleBuilder builder) => builder
        .Endpoint("GET", "audit", KernelPermissions.ReadAudit, ListAsync)
        .Endpoint("GET", "audit.csv", KernelPermissions.ReadAudit, CsvAsync)
        .Endpoint("GET", "audit.json", KernelPermissions.ReadAudit, JsonAsync);

    private static async Task<Outcome<Page<AuditEntry>>> ListAsync(Viewer viewer, ReadAudit read, string? action, string? subject, Guid? actor, string? after, int? limit, CancellationToken cancel)
    {
        var outcome = await read.RunAsync(viewer, Filter(action, subject, actor, after, limit ?? 50), cancel);
        return outcome.TryGet(out var page)
            ? new Page<AuditEntry>([.. page.Items.Select(e => new AuditEntry(e.Id, e.Seal, e.At, e.ActorId.Value, e.ActorName, e.Action, e.Subject, JsonDocument.Parse(e.Detail).RootElement))], page.Next)
            : Outcome<Page<AuditEntry>>.Refused(outcome.Refusals);
    }

    private static Task<object> CsvAsync(Viewer viewer, ReadAudit read, string? action, string? subject, Guid? actor, CancellationToken cancel) => ExportAsync("csv", viewer, read, action, subject, actor, cancel);

    private static Task<object> JsonAsync(Viewer viewer, ReadAudit read, string? action, string? subject, Guid? actor, CancellationToken cancel) => ExportAsync("json", viewer, read, action, subject, actor, cancel);

    private static Task<object> ExportAsync(string format, Viewer viewer, ReadAudit read, string? action, string? subject, Guid? actor, CancellationToken cancel) =>
        ListExport.AnswerAsync("audit", format, s_columns, (after, size, ct) => read.RunAsync(viewer, Filter(action, subject, actor, after, size), ct), cancel);

    private static AuditFilter Filter(string? action, string? subject, Guid? actor, string? after, int limit) =>
        new(Empty(subject), Empty(action), actor is { } id ? new UserId(id) : null, after, limit);

    private static string? Empty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}

/// <summary>An entry as the API shows it.</summary>
internal sealed record AuditEntry(Guid Id, long? Seal, DateTimeOffset At, Guid ActorId, string Actor, string Action, string Subject, JsonElement Detail);
