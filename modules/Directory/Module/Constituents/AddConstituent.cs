using Appliance.Contracts;
using Appliance.Directories.Lookup;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Constituents;

/// <summary>Writes a new organisation into the directory.</summary>
internal sealed class AddConstituent(Database database, Constituency constituency) : Act<ConstituentFields, ConstituentId>(database)
{
    public const string Taken = "select exists (select 1 from directory.constituents where lower(name) = lower(@Name) and archived_at is null and id <> @Id)";

    public const string Insert =
        """
        insert into directory.constituents (id, name, sector, country, default_tlp, languages, notes, exercise, created_at, changed_at)
        values (@Id, @Name, @Sector, @Country, @DefaultTlp, @Languages, @Notes, @Exercise, @Now, @Now)
        on conflict do nothing
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<ConstituentId>> HandleAsync(Work work, ConstituentFields request, CancellationToken cancel)
    {
        var fields = request.Tidy();
        var faults = fields.Faults().ToList();
        if (faults.Count > 0)
            return Outcome<ConstituentId>.Refused(faults);
        var id = ConstituentId.New();
        var added = await work.ExecuteAsync(
            Insert,
            new { Id = id.Value, fields.Name, fields.Sector, fields.Country, DefaultTlp = (short)fields.DefaultTlp, Languages = fields.Languages.ToArray(), fields.Notes, fields.Exercise, work.Now },
            cancel);
        if (added == 0)
            return Refuse.Conflict("directory.refused.name-taken", fields.Name);
        work.Audit("directory.constituent.added", $"constituent/{id}", new { fields.Name, fields.Sector, fields.Country });
        work.Publish(new ConstituentChanged { Constituent = id, Marking = Marking.Default with { Exercise = fields.Exercise } });
        return id;
    }

    protected override Task CommittedAsync(ConstituentFields request, ConstituentId answer, CancellationToken cancel) => constituency.ReloadAfterActAsync(cancel);
}
