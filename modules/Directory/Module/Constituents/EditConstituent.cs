using Appliance.Contracts;
using Appliance.Directories.Lookup;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Constituents;

/// <summary>New fields for an organisation; <paramref name="Version"/> is the one the editor saw.</summary>
internal sealed record ConstituentEdit(ConstituentId Id, int Version, ConstituentFields Fields);

/// <summary>Changes what is written about an organisation, unless someone else changed it meanwhile.</summary>
internal sealed class EditConstituent(Database database, Constituency constituency) : Act<ConstituentEdit, Done>(database)
{
    private const string Find = "select version, exercise from directory.constituents where id = @Id and archived_at is null for update";

    private const string Update =
        """
        update directory.constituents
        set name = @Name, sector = @Sector, country = @Country, default_tlp = @DefaultTlp, languages = @Languages, notes = @Notes, version = version + 1, changed_at = @Now
        where id = @Id
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, ConstituentEdit request, CancellationToken cancel)
    {
        var fields = request.Fields.Tidy();
        var faults = fields.Faults().ToList();
        if (faults.Count > 0)
            return Outcome<Done>.Refused(faults);
        var found = await work.FindAsync<FoundRow>(Find, new { Id = request.Id.Value }, cancel);
        if (found is null)
            return Refuse.NotFound("directory.refused.no-constituent");
        if (found.Version != request.Version)
            return Refuse.Changed("directory.refused.changed-meanwhile", fields.Name);
        if (await work.FindAsync<bool>(AddConstituent.Taken, new { fields.Name, Id = request.Id.Value }, cancel))
            return Refuse.Conflict("directory.refused.name-taken", fields.Name);
        await work.ExecuteAsync(
            Update,
            new { Id = request.Id.Value, fields.Name, fields.Sector, fields.Country, DefaultTlp = (short)fields.DefaultTlp, Languages = fields.Languages.ToArray(), fields.Notes, work.Now },
            cancel);
        work.Audit("directory.constituent.edited", $"constituent/{request.Id}", new { fields.Name, fields.Sector, fields.Country });
        work.Publish(new ConstituentChanged { Constituent = request.Id, Marking = Marking.Default with { Exercise = found.Exercise } });
        return default(Done);
    }

    protected override Task CommittedAsync(ConstituentEdit request, Done answer, CancellationToken cancel) => constituency.ReloadAfterActAsync(cancel);

    private sealed record FoundRow(int Version, bool Exercise);
}
