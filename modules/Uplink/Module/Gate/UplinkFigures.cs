using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Uplink.Gate;

/// <summary>The counts of Share: what waits for a decision, what was shared and acknowledged, what came in.</summary>
internal sealed class UplinkFigures(Database database) : IFigures
{
    private const string Shares =
        $"""
        select count(*) filter (where m.state in ('pending', 'signed')) as pending,
               count(*) filter (where m.state = 'approved') as approved,
               count(*) filter (where exists (select 1 from uplink.share_recipients r where r.share_id = m.id and r.state = 'acknowledged')) as acknowledged
        from uplink.shares m
        where {Visible.Rows}
        """;

    private const string Items = $"select count(*) from uplink.received m where {Visible.Rows} and m.state = 'new'";

    private const string Peers = "select count(*) from uplink.peers where trust = 'trusted' and removed_at is null";

    public async Task<IReadOnlyList<Figure>> ReadAsync(Viewer viewer, CancellationToken cancel)
    {
        var figures = new List<Figure>();
        if (viewer.May(Permissions.ShareRead) && await database.FindAsync<Row>(Shares, Visible.With(viewer), cancel) is { } shares)
        {
            figures.Add(new("uplink.figure.pending", shares.Pending, "/share/outbox?state=pending", shares.Pending > 0 ? FigureTone.Attention : FigureTone.Calm, OnHome: true));
            figures.Add(new("uplink.figure.approved", shares.Approved, "/share/outbox?state=approved"));
            figures.Add(new("uplink.figure.acknowledged", shares.Acknowledged, "/share/outbox?state=approved"));
        }
        if (viewer.May(Permissions.InboxRead))
        {
            var waiting = await database.FindAsync<long>(Items, Visible.With(viewer), cancel);
            figures.Add(new("uplink.figure.received", waiting, "/share/inbox?state=new", waiting > 0 ? FigureTone.Attention : FigureTone.Calm, OnHome: true));
        }
        if (viewer.May(Permissions.PeerRead))
            figures.Add(new("uplink.figure.peers", await database.FindAsync<long>(Peers, null, cancel), "/share/peers"));
        return figures;
    }

    private sealed class Row
    {
        public long Pending { get; set; }

        public long Approved { get; set; }

        public long Acknowledged { get; set; }
    }
}
