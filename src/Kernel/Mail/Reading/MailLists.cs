using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Kernel.Mail;

/// <summary>A page of messages.</summary>
/// <param name="State">A delivery state (outgoing) or state (received), or null for all.</param>
/// <param name="After">Key of the page, or null for the first.</param>
public sealed record MailListRequest(string? State = null, string? After = null);

/// <summary>A line of the outbox.</summary>
/// <param name="Id">The message.</param>
/// <param name="CreatedAt">When it was queued.</param>
/// <param name="About">What it belongs to.</param>
/// <param name="Subject">Subject line.</param>
/// <param name="Marking">Its marking.</param>
/// <param name="Recipients">Each with its state.</param>
public sealed record OutboxLine(MailId Id, DateTimeOffset CreatedAt, string About, string Subject, Marking Marking, IReadOnlyList<MailDeliveryRow> Recipients);

/// <summary>The outgoing queue and what was sent, newest first.</summary>
public sealed class ListOutgoingMail(Database database) : Query<MailListRequest, Page<OutboxLine>>
{
    private const int Size = 50;

    private const string Lines =
        $"""
        select m.id, m.created_at, m.about, m.subject, m.tlp, m.pap, m.exercise, m.named
        from kernel.mail_out m
        where {Visible.Rows}
          and (@At::timestamptz is null or (m.created_at, m.id) < (@At, @LastId))
          and (@State::text is null or exists (select 1 from kernel.mail_recipients r where r.mail_id = m.id and r.state = @State))
        order by m.created_at desc, m.id desc
        limit @Limit
        """;

    private const string Deliveries =
        "select mail_id, address, name, state, tries, due_at, settled_at, reason from kernel.mail_recipients where mail_id = any(@Ids) order by address";

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ReadMail;

    /// <inheritdoc/>
    protected override async Task<Outcome<Page<OutboxLine>>> HandleAsync(Viewer viewer, MailListRequest request, CancellationToken cancel)
    {
        var key = MailListKey.Read(request.After);
        var rows = await database.QueryAsync<LineRow>(Lines, Visible.With(viewer, new { key?.At, LastId = key?.Id ?? Guid.Empty, request.State, Limit = Size + 1 }), cancel);
        var shown = rows.Take(Size).ToList();
        var deliveries = (await database.QueryAsync<MailDeliveryRow>(Deliveries, new { Ids = shown.Select(s => s.Id).ToArray() }, cancel)).ToLookup(d => d.MailId);
        return new Page<OutboxLine>(
            [.. shown.Select(s => new OutboxLine(new(s.Id), s.CreatedAt, s.About, s.Subject, s.Marking(), [.. deliveries[s.Id]]))],
            rows.Count > Size ? new MailListKey(shown[^1].CreatedAt, shown[^1].Id).ToString() : null);
    }

    private sealed class LineRow : MailStore.MarkedRow
    {
        public DateTimeOffset CreatedAt { get; set; }

        public string About { get; set; } = "";

        public string Subject { get; set; } = "";
    }
}

/// <summary>A line of the received mail.</summary>
/// <param name="Id">The message.</param>
/// <param name="ReceivedAt">When it was taken in.</param>
/// <param name="State">stored, parsed, quarantined.</param>
/// <param name="Kind">mail, bounce, complaint, receipt, auto-reply.</param>
/// <param name="Sender">As claimed.</param>
/// <param name="SenderName">As claimed.</param>
/// <param name="Subject">Decoded.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Reason">Why it is quarantined.</param>
/// <param name="Marking">Its marking.</param>
public sealed record ReceivedLine(MailId Id, DateTimeOffset ReceivedAt, string State, string Kind, string Sender, string SenderName, string Subject, long Size, string? Reason, Marking Marking);

/// <summary>Received messages, newest first.</summary>
public sealed class ListReceivedMail(Database database) : Query<MailListRequest, Page<ReceivedLine>>
{
    private const int Size = 50;

    private const string Lines =
        $"""
        select m.id, m.received_at, m.state, m.kind, m.sender, m.sender_name, m.subject, m.size, m.reason, m.tlp, m.pap, m.exercise, m.named
        from kernel.mail_in m
        where {Visible.Rows}
          and (@At::timestamptz is null or (m.received_at, m.id) < (@At, @LastId))
          and (@State::text is null or m.state = @State)
        order by m.received_at desc, m.id desc
        limit @Limit
        """;

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ReadMail;

    /// <inheritdoc/>
    protected override async Task<Outcome<Page<ReceivedLine>>> HandleAsync(Viewer viewer, MailListRequest request, CancellationToken cancel)
    {
        var key = MailListKey.Read(request.After);
        var rows = await database.QueryAsync<MailStore.ReceivedRow>(Lines, Visible.With(viewer, new { key?.At, LastId = key?.Id ?? Guid.Empty, request.State, Limit = Size + 1 }), cancel);
        var shown = rows.Take(Size).ToList();
        return new Page<ReceivedLine>(
            [.. shown.Select(s => new ReceivedLine(new(s.Id), s.ReceivedAt, s.State, s.Kind, s.Sender ?? "", s.SenderName ?? "", s.Subject ?? "", s.Size, s.Reason, s.Marking()))],
            rows.Count > Size ? new MailListKey(shown[^1].ReceivedAt, shown[^1].Id).ToString() : null);
    }
}

/// <summary>One received message.</summary>
public sealed class FindReceivedMail(MailStore store) : Query<MailId, ReceivedMail>
{
    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ReadMail;

    /// <inheritdoc/>
    protected override async Task<Outcome<ReceivedMail>> HandleAsync(Viewer viewer, MailId request, CancellationToken cancel) =>
        await store.FindReceivedAsync(viewer, request, cancel) is { } mail ? mail : Refuse.NotFound("kernel.mail.refused.unknown");
}

/// <summary>Where a page of messages ends.</summary>
internal sealed record MailListKey(DateTimeOffset At, Guid Id)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.UtcTicks:x}-{Id:N}");

    /// <summary>Null for the first page and for a key that was not made here.</summary>
    public static MailListKey? Read(string? text) =>
        text?.Split('-') is [var ticks, var id] && long.TryParse(ticks, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var at) && at >= 0 && at <= DateTime.MaxValue.Ticks && Guid.TryParse(id, out var guid)
            ? new(new(at, TimeSpan.Zero), guid)
            : null;
}
