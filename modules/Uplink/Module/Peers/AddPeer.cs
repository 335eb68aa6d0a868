using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Uplink.Peers;

/// <summary>Adds a peer with its two collections. It is sent nothing before someone trusts it.</summary>
internal sealed class AddPeer(Database database) : Act<PeerForm, PeerId>(database)
{
    private const string Taken = "select exists (select 1 from uplink.peers where lower(name) = lower(@Name) and removed_at is null and id <> @Id)";

    private const string Insert =
        """
        insert into uplink.peers (id, name, role, root_url, read_collection, write_collection, ceiling, takes_exercises, trust, added_at)
        values (@Id, @Name, @Role, @RootUrl, @ReadCollection, @WriteCollection, @Ceiling, @TakesExercises, @Trust, @Now)
        """;

    private const string InsertCollection = "insert into uplink.collections (id, peer_id, kind) values (@Collection, @Peer, @Kind)";

    public override Permission Permission => Permissions.PeerManage;

    protected override async Task<Outcome<PeerId>> HandleAsync(Work work, PeerForm request, CancellationToken cancel)
    {
        if (request.Faults() is { Count: > 0 } faults)
            return Outcome<PeerId>.Refused(faults);
        var id = PeerId.New();
        var values = request.Parameters(id.Value, work.Now);
        if (await IsTakenAsync(work, values, cancel))
            return Refuse.Conflict("uplink.refused.peer-taken", request.Name);
        await work.ExecuteAsync(Insert, values, cancel);
        foreach (var kind in (string[])["shared", "inbox"])
            await work.ExecuteAsync(InsertCollection, new { Collection = Guid.NewGuid(), Peer = id.Value, Kind = kind }, cancel);
        work.Audit("uplink.peer.added", $"peer/{id}", new { request.Name, request.Role, request.RootUrl, request.Ceiling, request.Trust, request.TakesExercises });
        return id;
    }

    internal static Task<bool> IsTakenAsync(Work work, object values, CancellationToken cancel) => work.FindAsync<bool>(Taken, values, cancel);
}
