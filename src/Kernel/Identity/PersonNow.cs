using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>What a person may do at this moment, whether or not they are at the console: for work that goes on in their name.</summary>
internal sealed class PersonNow(Database database, RolePermissions roles, AccountLimits limits)
{
    private const string Active =
        """
        select u.id, u.display_name, u.constituent, u.reads_up_to, u.language,
               u.totp_enabled or exists (select 1 from identity.passkeys p where p.user_id = u.id) as has_factor,
               array(select r.role from identity.user_roles r where r.user_id = u.id order by r.role) as roles
        from identity.users u
        where u.id = @Id and u.state = 'active'
        """;

    /// <summary>The person, or null when they are no longer active. Who must first get a second factor holds nothing.</summary>
    public async Task<Viewer?> FindAsync(UserId id, CancellationToken cancel)
    {
        if (await database.FindAsync<Sessions.LiveRow>(Active, new { Id = id.Value }, cancel) is not { } row)
            return null;
        var viewer = Sessions.ViewerOf(row, await roles.ReadAsync(cancel));
        return row.HasFactor || !await limits.DemandsFactorAsync(viewer.Permissions, cancel)
            ? viewer
            : viewer with { MustEnrol = true, Permissions = System.Collections.Frozen.FrozenSet.Create(Permission.Enrolling.Id) };
    }
}
