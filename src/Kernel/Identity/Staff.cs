using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>Reads the team from the accounts; what a role may do comes from the modules and from the appliance's own roles.</summary>
internal sealed class Staff(Database database, RolePermissions roles) : IStaff
{
    private const string Active =
        """
        select u.id, u.name, u.display_name, u.reads_up_to,
               array(select r.role from identity.user_roles r where r.user_id = u.id) as roles
        from identity.users u
        where u.state = 'active' and u.constituent is null
        order by lower(u.display_name), u.name
        limit 2000
        """;

    public async Task<IReadOnlyList<StaffCard>> WhoMayAsync(Viewer viewer, Permission permission, CancellationToken cancel)
    {
        if (viewer.Constituent is not null)
            return [];
        var map = await roles.ReadAsync(cancel);
        return [.. (await database.QueryAsync<StaffRow>(Active, null, cancel))
            .Where(r => map.Of(r.Roles).Contains(permission.Id))
            .Select(r => new StaffCard(new(r.Id), r.DisplayName, r.Name, (Tlp)r.ReadsUpTo))];
    }

    private sealed class StaffRow
    {
        public Guid Id { get; set; }

        public string Name { get; set; } = "";

        public string DisplayName { get; set; } = "";

        public short ReadsUpTo { get; set; }

        public string[] Roles { get; set; } = [];
    }
}
