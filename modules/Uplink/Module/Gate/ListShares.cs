using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Uplink.Gate;

/// <summary>Which shares.</summary>
/// <param name="State">pending (with signed), approved, closed (returned, withdrawn, superseded), or empty for all.</param>
/// <param name="Before">Key of the page: the arrival time and id of the last row of the page before.</param>
internal sealed record ShareQuery(string State = "", string? Before = null);

/// <summary>A line of the outbox.</summary>
internal sealed class ShareLine
{
    public Guid Id { get; set; }

    public string Kind { get; set; } = "";

    public string Subject { get; set; } = "";

    public string Number { get; set; } = "";

    public string Title { get; set; } = "";

    public int Revision { get; set; }

    public short Tlp { get; set; }

    public short Pap { get; set; }

    public bool Exercise { get; set; }

    public string State { get; set; } = "";

    public string Rule { get; set; } = "";

    public DateTimeOffset ArrivedAt { get; set; }

    public string? ApprovedName { get; set; }

    public DateTimeOffset? ApprovedAt { get; set; }

    /// <summary>Recipients in all.</summary>
    public int Recipients { get; set; }

    /// <summary>Of them, those that took it.</summary>
    public int Pulled { get; set; }

    /// <summary>Of them, those that said so.</summary>
    public int Acknowledged { get; set; }

    public Tlp TlpLabel => (Tlp)Tlp;
}

/// <summary>The outbox: newest first, as the viewer may see it.</summary>
internal sealed class ListShares(Database database) : Query<ShareQuery, Page<ShareLine>>
{
    /// <summary>Rows per page.</summary>
    public const int Size = 50;

    private const string Sql =
        $"""
        select m.id, m.kind, m.subject, m.number, m.title, m.revision, m.tlp, m.pap, m.exercise, m.state, m.rule, m.arrived_at, m.approved_name, m.approved_at,
               (select count(*)::int from uplink.share_recipients r where r.share_id = m.id) as recipients,
               (select count(*)::int from uplink.share_recipients r where r.share_id = m.id and r.pulled_at is not null) as pulled,
               (select count(*)::int from uplink.share_recipients r where r.share_id = m.id and r.state = 'acknowledged') as acknowledged
        from uplink.shares m
        where {Visible.Rows}
          and (@States::text[] is null or m.state = any(@States))
          and (@BeforeAt::timestamptz is null or (m.arrived_at, m.id) < (@BeforeAt, @BeforeId::uuid))
        order by m.arrived_at desc, m.id desc
        limit @Limit
        """;

    public override Permission Permission => Permissions.ShareRead;

    protected override async Task<Outcome<Page<ShareLine>>> HandleAsync(Viewer viewer, ShareQuery request, CancellationToken cancel)
    {
        string[]? states = request.State switch
        {
            "pending" => ["pending", "signed"],
            "approved" => ["approved"],
            "closed" => ["returned", "withdrawn", "superseded"],
            _ => null,
        };
        var before = ListKey.Read(request.Before);
        var rows = await database.QueryAsync<ShareLine>(Sql, Visible.With(viewer, new { States = states, BeforeAt = before?.At, BeforeId = before?.Id, Limit = Size + 1 }), cancel);
        var page = rows.Take(Size).ToArray();
        return new Page<ShareLine>(page, rows.Count > Size ? ListKey.Write(page[^1].ArrivedAt, page[^1].Id) : null);
    }
}
