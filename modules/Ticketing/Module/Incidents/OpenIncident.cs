using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Classification;

namespace Appliance.Ticketing.Incidents;

/// <summary>An incident from the form or the API.</summary>
/// <param name="Fields">What is written.</param>
/// <param name="Observables">What was seen.</param>
/// <param name="Source">form or api.</param>
internal sealed record OpenRequest(IncidentFields Fields, IReadOnlyList<Observable>? Observables = null, string Source = "form");

/// <summary>Opens an incident by hand.</summary>
internal sealed class OpenIncident(Database database, IncidentOpening opening, IConstituency constituency) : Act<OpenRequest, IncidentRef>(database)
{
    public override Permission Permission => Permissions.Open;

    protected override async Task<Outcome<IncidentRef>> HandleAsync(Work work, OpenRequest request, CancellationToken cancel)
    {
        var fields = request.Fields.Tidy();
        var faults = fields.Faults().ToList();
        var names = await ConstituentNames.ReadAsync(constituency, work.Viewer, fields.Constituents, cancel);
        faults.AddRange(names.Refusals);
        faults.AddRange(await LocalTypes.MissingAsync(work, [fields.RsitType], cancel));
        if (request.Source is not ("form" or "api"))
            faults.Add(Refuse.Invalid("ticketing.refused.source", nameof(request.Source)));
        if (faults.Count > 0)
            return Outcome<IncidentRef>.Refused(faults);
        return await opening.OpenAsync(work, new(fields, request.Source, names.Value) { Observables = request.Observables ?? [] }, cancel);
    }
}
