using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Contacts;

/// <summary>One contact of one organisation.</summary>
internal sealed record ContactToRemove(ConstituentId Constituent, Guid Contact);

/// <summary>Takes a contact away.</summary>
internal sealed class RemoveContact(Database database) : Act<ContactToRemove, Done>(database)
{
    private const string Delete = "delete from directory.contacts where id = @Contact and constituent_id = @Constituent";

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, ContactToRemove request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(Delete, new { request.Contact, Constituent = request.Constituent.Value }, cancel) == 0)
            return Refuse.NotFound("directory.refused.no-contact");
        work.Audit("directory.contact.removed", $"constituent/{request.Constituent}");
        work.Publish(new ConstituentChanged { Constituent = request.Constituent, Marking = Marking.Default });
        return default(Done);
    }
}

/// <summary>Which way to move a contact in the order of notification.</summary>
internal sealed record ContactToMove(ConstituentId Constituent, Guid Contact, bool Up);

/// <summary>Moves a contact one place up or down.</summary>
internal sealed class MoveContact(Database database) : Act<ContactToMove, Done>(database)
{
    private const string Lock = "select 1 from directory.constituents where id = @Constituent for update";

    private const string Order = "select id from directory.contacts where constituent_id = @Constituent order by position, added_at";

    private const string Place = "update directory.contacts set position = @Position where id = @Id";

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, ContactToMove request, CancellationToken cancel)
    {
        var key = new { Constituent = request.Constituent.Value };
        await work.ExecuteAsync(Lock, key, cancel);
        var order = (await work.QueryAsync<Guid>(Order, key, cancel)).ToList();
        var at = order.IndexOf(request.Contact);
        if (at < 0)
            return Refuse.NotFound("directory.refused.no-contact");
        var to = request.Up ? at - 1 : at + 1;
        if (to >= 0 && to < order.Count)
            (order[at], order[to]) = (order[to], order[at]);
        await work.ExecuteAsync(Place, order.Select((id, i) => new { Id = id, Position = i + 1 }).ToList(), cancel);
        work.Audit("directory.contact.moved", $"constituent/{request.Constituent}");
        return default(Done);
    }
}
