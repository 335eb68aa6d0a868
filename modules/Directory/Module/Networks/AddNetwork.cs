using Appliance.Contracts;
using Appliance.Directories.Lookup;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Networks;

/// <summary>A prefix, AS number or domain as a person wrote it.</summary>
internal sealed record NetworkToAdd(ConstituentId Constituent, string Text);

/// <summary>Notes that a network belongs to an organisation. Nested blocks are welcome, the same one twice is not.</summary>
internal sealed class AddNetwork(Database database, Constituency constituency) : Act<NetworkToAdd, Guid>(database)
{
    private const string Exists = "select exercise from directory.constituents where id = @Id and archived_at is null for update";

    private const string Holder =
        """
        select c.name
        from directory.networks n
        join directory.constituents c on c.id = n.constituent_id
        where n.active and (n.prefix = @Prefix::cidr or n.asn = @Asn or n.domain = @Domain)
        """;

    private const string Insert =
        """
        insert into directory.networks (id, constituent_id, kind, prefix, asn, domain, written, added_at)
        values (@Id, @Constituent, @Kind, @Prefix::cidr, @Asn, @Domain, @Written, @Now)
        on conflict do nothing
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, NetworkToAdd request, CancellationToken cancel)
    {
        var (entry, reason, arguments) = NetworkText.Read(request.Text ?? "");
        if (entry is null)
            return Refuse.Invalid(reason, nameof(request.Text), arguments);
        if (await work.FindAsync<bool?>(Exists, new { Id = request.Constituent.Value }, cancel) is not { } exercise)
            return Refuse.NotFound("directory.refused.no-constituent");
        var row = new
        {
            Id = Guid.CreateVersion7(),
            Constituent = request.Constituent.Value,
            Kind = entry.KindWord,
            Prefix = entry.Prefix?.ToString(),
            entry.Asn,
            entry.Domain,
            entry.Written,
            work.Now,
        };
        if (await work.ExecuteAsync(Insert, row, cancel) == 0)
            return Refuse.Conflict("directory.refused.network-held", entry.Written, await work.FindAsync<string>(Holder, row, cancel) ?? "");
        work.Audit("directory.network.added", $"constituent/{request.Constituent}", new { entry.Written });
        work.Publish(new ConstituentChanged { Constituent = request.Constituent, Marking = Marking.Default with { Exercise = exercise } });
        return row.Id;
    }

    protected override Task CommittedAsync(NetworkToAdd request, Guid answer, CancellationToken cancel) => constituency.ReloadAfterActAsync(cancel);
}
