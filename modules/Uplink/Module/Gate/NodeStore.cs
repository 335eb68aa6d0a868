using Appliance.Kernel.Data;
using Appliance.Uplink.Stix;

namespace Appliance.Uplink.Gate;

/// <summary>Reads who this node is, and keeps its name in step with the settings.</summary>
internal sealed class NodeStore(Database database, UplinkOptions options)
{
    private const string Rename = "update uplink.node set name = @Name, named_at = date_trunc('milliseconds', now()) where name <> @Name";

    private const string Read = "select id, name, created_at, named_at, page_key from uplink.node";

    private Node? _node;

    /// <summary>The node; the same until the host starts again.</summary>
    public async ValueTask<Node> ReadAsync(CancellationToken cancel)
    {
        if (_node is { } known)
            return known;
        await database.ExecuteAsync(Rename, new { Name = options.NodeName.Trim() }, cancel);
        var row = await database.FindAsync<NodeRow>(Read, null, cancel) ?? throw new InvalidOperationException("uplink.node has no row");
        return _node = new(row.Id, row.Name, row.CreatedAt, row.NamedAt, row.PageKey);
    }

    private sealed class NodeRow
    {
        public Guid Id { get; set; }

        public string Name { get; set; } = "";

        public DateTimeOffset CreatedAt { get; set; }

        public DateTimeOffset NamedAt { get; set; }

        public byte[] PageKey { get; set; } = [];
    }
}
