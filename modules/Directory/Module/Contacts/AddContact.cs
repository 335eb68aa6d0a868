using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Contacts;

/// <summary>A contact for an organisation; comes last in its order.</summary>
internal sealed record ContactToAdd(ConstituentId Constituent, ContactFields Contact);

/// <summary>Adds whom to notify.</summary>
internal sealed class AddContact(Database database) : Act<ContactToAdd, Guid>(database)
{
    private const string Exists = "select exercise from directory.constituents where id = @Id and archived_at is null for update";

    private const string Insert =
        """
        insert into directory.contacts (id, constituent_id, name, mail, purpose, language, position, added_at)
        values (@Id, @Constituent, @Name, @Mail, @Purpose, @Language,
          (select coalesce(max(position), 0) + 1 from directory.contacts where constituent_id = @Constituent), @Now)
        on conflict do nothing
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, ContactToAdd request, CancellationToken cancel)
    {
        var contact = request.Contact.Tidy();
        var faults = contact.Faults().ToList();
        if (faults.Count > 0)
            return Outcome<Guid>.Refused(faults);
        if (await work.FindAsync<bool?>(Exists, new { Id = request.Constituent.Value }, cancel) is not { } exercise)
            return Refuse.NotFound("directory.refused.no-constituent");
        var id = Guid.CreateVersion7();
        var row = new { Id = id, Constituent = request.Constituent.Value, contact.Name, contact.Mail, contact.Purpose, contact.Language, work.Now };
        if (await work.ExecuteAsync(Insert, row, cancel) == 0)
            return Refuse.Conflict("directory.refused.contact-twice", contact.Mail, contact.Purpose);
        work.Audit("directory.contact.added", $"constituent/{request.Constituent}", new { contact.Purpose });
        work.Publish(new ConstituentChanged { Constituent = request.Constituent, Marking = Marking.Default with { Exercise = exercise } });
        return id;
    }
}
