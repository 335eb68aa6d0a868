using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>One right of one role.</summary>
/// <param name="Role">The role.</param>
/// <param name="Permission">The right's id.</param>
/// <param name="Granted">True to give it, false to take it.</param>
internal sealed record RolePermissionChange(Role Role, string Permission, bool Granted);

/// <summary>Changes what a role may do, for everyone who holds it, within five seconds.</summary>
internal sealed class ChangeRolePermission(Database database, RolePermissions roles) : Act<RolePermissionChange, Done>(database)
{
    private const string Upsert =
        """
        insert into identity.role_permissions (role, permission, granted) values (@Role, @Permission, @Granted)
        on conflict (role, permission) do update set granted = excluded.granted
        """;

    private const string Drop = "delete from identity.role_permissions where role = @Role and permission = @Permission";

    public override Permission Permission => KernelPermissions.ManageUsers;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, RolePermissionChange request, CancellationToken cancel)
    {
        if (!work.Viewer.IsSystem && !work.Viewer.Roles.Contains(Role.Administrator))
            return Refuse.Forbidden("kernel.user.administrator");
        if (!roles.All.Contains(request.Permission))
            return Refuse.NotFound("kernel.permission.unknown", request.Permission);
        // Nobody could give it back.
        if (request is { Role: Role.Administrator, Granted: false } && request.Permission == KernelPermissions.ManageUsers.Id)
            return Refuse.Conflict("kernel.permission.last");
        var row = new { Role = RolePermissions.Word(request.Role), request.Permission, request.Granted };
        // Only differences are kept, so that a later release may change what it grants from the start.
        await work.ExecuteAsync(roles.DefaultsOf(request.Role).Contains(request.Permission) == request.Granted ? Drop : Upsert, row, cancel);
        work.Audit("kernel.role.changed", $"role/{row.Role}", new { request.Permission, request.Granted });
        return default(Done);
    }

    protected override Task CommittedAsync(RolePermissionChange request, Done answer, CancellationToken cancel)
    {
        roles.Forget();
        return Task.CompletedTask;
    }
}
