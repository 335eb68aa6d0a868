using Appliance.Contracts;
using Appliance.Kernel.Acts;

namespace Appliance.Ticketing.Incidents;

/// <summary>The people to whom incidents can be handed.</summary>
internal sealed class ListColleagues(IStaff staff) : Query<Done, IReadOnlyList<StaffCard>>
{
    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<IReadOnlyList<StaffCard>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) =>
        (await staff.WhoMayAsync(viewer, Permissions.Edit, cancel)).ToArray();
}
