using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Uplink.Stix;

namespace Appliance.Uplink.Inbox;

/// <summary>Which received objects.</summary>
/// <param name="State">new, accepted, refused, invalid, or empty for all that people look at.</param>
/// <param name="Before">Key of the page.</param>
internal sealed record ReceivedQuery(string State = "", string? Before = null);

/// <summary>The inbox: newest first, as the viewer may see it. Parts (addresses, relationships, markings) are shown with what they belong to.</summary>
internal sealed class ListReceived(Database database) : Query<ReceivedQuery, Page<Received>>
{
    private const int Size = 50;

    private const string Sql =
        $"""
        select {Received.Columns}
        from uplink.received m
        join uplink.peers p on p.id = m.peer_id
        where {Visible.Rows} and m.state <> 'part'
          and (@State = '' and m.state <> 'acknowledgement' or m.state = @State)
          and (@BeforeAt::timestamptz is null or (m.received_at, m.id) < (@BeforeAt, @BeforeId::uuid))
        order by m.received_at desc, m.id desc
        limit @Limit
        """;

    public override Permission Permission => Permissions.InboxRead;

    protected override async Task<Outcome<Page<Received>>> HandleAsync(Viewer viewer, ReceivedQuery request, CancellationToken cancel)
    {
        var before = ListKey.Read(request.Before);
        var rows = await database.QueryAsync<Received>(Sql, Visible.With(viewer, new { request.State, BeforeAt = before?.At, BeforeId = before?.Id, Limit = Size + 1 }), cancel);
        var page = rows.Take(Size).ToArray();
        return new Page<Received>(page, rows.Count > Size ? ListKey.Write(page[^1].ReceivedAt, page[^1].Id) : null);
    }
}

/// <summary>A received object with what belongs to it.</summary>
/// <param name="Item">The object.</param>
/// <param name="Text">Its description or content, written by the peer.</param>
/// <param name="Json">Its bytes, indented when they are JSON.</param>
/// <param name="Around">What it names and what is tied to it.</param>
/// <param name="Acknowledgement">queued, sent, failed, or empty.</param>
internal sealed record ReceivedSheet(Received Item, string Text, string Json, IReadOnlyList<Received> Around, string Acknowledgement);

/// <summary>Shows one received object.</summary>
internal sealed class ShowReceived(Database database) : Query<Guid, ReceivedSheet>
{
    private const string Acknowledged = "select state from uplink.acknowledgements where received_id = @Id order by due_at desc limit 1";

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override Permission Permission => Permissions.InboxRead;

    protected override async Task<Outcome<ReceivedSheet>> HandleAsync(Viewer viewer, Guid request, CancellationToken cancel)
    {
        if (await Received.FindAsync(database, viewer, request, cancel) is not { } item)
            return Refuse.NotFound("uplink.refused.received-unknown");
        var (text, json) = Open(item.Raw);
        var around = item.State == "invalid" ? [] : await Received.AroundAsync(database, viewer, item, cancel);
        return new ReceivedSheet(item, text, json, around, await database.FindAsync<string>(Acknowledged, new { Id = request }, cancel) ?? "");
    }

    private static (string Text, string Json) Open(byte[] raw)
    {
        try
        {
            using var document = JsonDocument.Parse(raw, new JsonDocumentOptions { MaxDepth = 64 });
            var value = document.RootElement;
            var text = value.ValueKind != JsonValueKind.Object ? ""
                : StixObject.Text(value, "description") is { Length: > 0 } description ? description
                : StixObject.Text(value, "content") is { Length: > 0 } content ? content
                : StixObject.Text(value, "pattern");
            return (text, JsonSerializer.Serialize(value, s_indented));
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // What cannot be read is shown as the bytes it is.
            return ("", System.Text.Encoding.UTF8.GetString(raw));
        }
    }
}
