using Appliance.Contracts;
using Appliance.Kernel.Identity;
using Xunit;

namespace Appliance.Integration.Kernel.Identity;

/// <summary>Roles, shipped and own, and who gives them to whom.</summary>
public sealed class RoleTests : IdentityWorld
{
    [Fact]
    public async Task Role_taken_in_the_database_itself_shows_within_five_seconds()
    {
        var ana = await PersonAsync("ana", Role.Analyst);
        using var browser = _web.Open();
        await browser.LogInAsync("ana", Password);
        Assert.Contains("probe.thing.do", await browser.MeAsync(), StringComparison.Ordinal);
        await _web.Database.ExecuteAsync("delete from identity.user_roles where user_id = @ana", new { ana }, Cancel);
        _web.Time.Move(TimeSpan.FromSeconds(5));
        Assert.DoesNotContain("probe.thing.do", await browser.MeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Last_administrator_stays_and_only_administrators_touch_administrators()
    {
        var ada = await PersonAsync("ada", Role.Administrator);
        var pro = new Viewer { Id = UserId.New(), Name = "Pro", Roles = [Role.Provisioner], Permissions = [KernelRights.ManageUsers] };
        Assert.Equal("kernel.user.last-administrator", (await _web.ActAsync<LockUser, LockChange, Done>(s_system, new(ada, true))).Refusals[0].Key);
        Assert.Equal("kernel.user.last-administrator", (await _web.ActAsync<ChangeRoles, RoleChange, Done>(s_system, new(ada, [Role.Analyst]))).Refusals[0].Key);
        Assert.Equal("kernel.user.administrator", (await _web.ActAsync<ResetUser, Reset, OneTimeLink>(pro, new(ada, true))).Refusals[0].Key);
        Assert.Equal("kernel.user.administrator", (await _web.ActAsync<ChangeRoles, RoleChange, Done>(pro, new(ada, [Role.Analyst]))).Refusals[0].Key);
        Assert.Equal("kernel.user.administrator", (await _web.ActAsync<InviteUser, Invitation, OneTimeLink>(pro, new("eve", "", "", [Role.Administrator]))).Refusals[0].Key);
        Assert.True((await _web.ActAsync<InviteUser, Invitation, OneTimeLink>(pro, new("eve", "", "", [Role.Analyst]))).Succeeded);
    }

    [Fact]
    public async Task Own_role_gives_its_rights_and_loses_them_for_everyone_who_holds_it()
    {
        var ana = await PersonAsync("ana", Role.Auditor);
        var word = (await _web.ActAsync<SaveOwnRole, RoleSheet, string>(s_system, new(null, "Night shift", "", ["probe.thing.do", "probe.thing.see"]))).Value;
        Assert.Equal("own:night-shift", word);
        Assert.True((await _web.ActAsync<ChangeRoles, RoleChange, Done>(s_system, new(ana, [Role.Auditor], OwnRoles: [word]))).Succeeded);
        using var browser = _web.Open();
        await browser.LogInAsync("ana", Password);
        Assert.Equal("ana|Auditor|probe.thing.do,probe.thing.see|", await browser.MeAsync());
        var rights = Assert.Single((await _web.AskAsync<ShowRights, RightsQuestion, IReadOnlyList<PersonRights>>(s_system, new(Permission: "probe.thing.do"))).Value);
        Assert.Equal(("ana", word), (rights.Name, Assert.Single(rights.Rights["probe.thing.do"])));

        Assert.Equal("kernel.role.held", (await _web.ActAsync<RemoveOwnRole, string, Done>(s_system, word)).Refusals[0].Key);
        Assert.True((await _web.ActAsync<SaveOwnRole, RoleSheet, string>(s_system, new(word, "Night shift", "", ["probe.thing.see"]))).Succeeded);
        // Who loses a right logs in anew.
        Assert.Equal("401", await browser.MeAsync());
        await browser.LogInAsync("ana", Password);
        Assert.Equal("ana|Auditor|probe.thing.see|", await browser.MeAsync());
        Assert.True((await _web.ActAsync<ChangeRoles, RoleChange, Done>(s_system, new(ana, [Role.Auditor]))).Succeeded);
        Assert.True((await _web.ActAsync<RemoveOwnRole, string, Done>(s_system, word)).Succeeded);
        Assert.Equal(0, await _web.Database.FindAsync<int>("select count(*)::int from identity.role_permissions", null, Cancel));
    }

    [Fact]
    public async Task Own_roles_are_shaped_by_administrators_and_given_by_who_holds_their_rights()
    {
        var pro = new Viewer { Id = UserId.New(), Name = "Pro", Roles = [Role.Provisioner], Permissions = [KernelRights.ManageUsers] };
        RoleSheet sheet = new(null, "Helpers", "", ["probe.thing.do"]);
        Assert.Equal("kernel.user.administrator", (await _web.ActAsync<SaveOwnRole, RoleSheet, string>(pro, sheet)).Refusals[0].Key);
        var word = (await _web.ActAsync<SaveOwnRole, RoleSheet, string>(s_system, sheet)).Value;
        Assert.Equal("kernel.user.administrator", (await _web.ActAsync<InviteUser, Invitation, OneTimeLink>(pro, new("eve", "", "", [], OwnRoles: [word]))).Refusals[0].Key);
        Assert.True((await _web.ActAsync<InviteUser, Invitation, OneTimeLink>(s_system, new("eve", "", "", [], OwnRoles: [word]))).Succeeded);
        foreach (var (bad, key) in new[]
        {
            (sheet, "kernel.role.taken"), (sheet with { Title = "helpers" }, "kernel.role.taken"), (sheet with { Title = "x" }, "kernel.role.title"),
            (sheet with { Title = "Empty", Permissions = [] }, "kernel.role.empty"), (sheet with { Title = "Odd", Permissions = ["no.such.right"] }, "kernel.permission.unknown"),
            (sheet with { Title = "Gone", Word = "own:gone" }, "kernel.role.unknown"), (sheet with { Title = "Shipped", Word = "administrator" }, "kernel.role.unknown"),
        })
            Assert.Equal(key, (await _web.ActAsync<SaveOwnRole, RoleSheet, string>(s_system, bad)).Refusals[0].Key);
        Assert.StartsWith("own:", (await _web.ActAsync<SaveOwnRole, RoleSheet, string>(s_system, sheet with { Title = "夜班" })).Value, StringComparison.Ordinal);
    }
}
