using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Settings;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Kernel.Identity;

/// <summary><c>cirt user …</c>: what the operator of the machine can do about accounts when nobody can log in.</summary>
internal sealed class UserVerb : IVerb
{
    private const string Usage =
        "Write: cirt user list | setup-link | invite NAME --role ROLE [--role ROLE] [--display TEXT] [--mail ADDRESS] | reset NAME [--second-factor] | lock NAME | unlock NAME";

    private static readonly Viewer s_operator = Viewer.System("cirt user");

    public string Name => "user";

    public string Summary => "people: list, setup-link, invite, reset, lock, unlock";

    public bool NeedsServices => true;

    public Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel) => input.Arguments.ToArray() switch
    {
        ["list"] => ListAsync(input.Services, io, cancel),
        ["setup-link"] => SetupLinkAsync(input.Services, io, cancel),
        ["invite", var name, .. var rest] => InviteAsync(input.Services, name, rest, io, cancel),
        ["reset", var name] => ResetAsync(input.Services, name, false, io, cancel),
        ["reset", var name, "--second-factor"] => ResetAsync(input.Services, name, true, io, cancel),
        ["lock", var name] => LockAsync(input.Services, name, true, io, cancel),
        ["unlock", var name] => LockAsync(input.Services, name, false, io, cancel),
        _ => throw new OperatorFault("The verb 'user' does not know that.", $"Given: {string.Join(' ', input.Arguments)}", Usage),
    };

    private static async Task<int> ListAsync(IServiceProvider services, VerbOutput io, CancellationToken cancel)
    {
        foreach (var user in (await services.GetRequiredService<ListUsers>().RunAsync(s_operator, "", cancel)).Value)
            await io.Out.WriteLineAsync($"{user.Name,-24} {user.State,-8} {(user.TotpEnabled ? "code" : "    ")} {string.Join(",", user.Roles),-30} {(user.LastLogInAt is { } at ? $"{at:yyyy-MM-dd HH:mm}" : "never")}");
        return 0;
    }

    private static async Task<int> SetupLinkAsync(IServiceProvider services, VerbOutput io, CancellationToken cancel)
    {
        var path = await services.GetRequiredService<SetupLink>().IssueAsync(cancel)
            ?? throw new OperatorFault("There is an administrator already.", "A set-up link is only made while there is none.", "Use: cirt user reset NAME");
        await io.Out.WriteLineAsync($"{await AddressAsync(services, cancel)}{path}");
        return 0;
    }

    private static async Task<int> InviteAsync(IServiceProvider services, string name, string[] rest, VerbOutput io, CancellationToken cancel)
    {
        var (roles, display, mail) = (new List<Role>(), "", "");
        for (var i = 0; i + 1 < rest.Length; i += 2)
            switch (rest[i])
            {
                case "--role" when RolePermissions.Read(rest[i + 1]) is { } role:
                    roles.Add(role);
                    break;
                case "--display":
                    display = rest[i + 1];
                    break;
                case "--mail":
                    mail = rest[i + 1];
                    break;
                default:
                    throw new OperatorFault("The invitation is not understood.", $"At: {rest[i]} {rest[i + 1]}", Usage);
            }
        var outcome = await services.GetRequiredService<InviteUser>().RunAsync(s_operator, new(name, display, mail, roles), cancel);
        return await PrintAsync(services, outcome, io, cancel);
    }

    private static async Task<int> ResetAsync(IServiceProvider services, string name, bool secondFactor, VerbOutput io, CancellationToken cancel)
    {
        var user = await FindAsync(services, name, cancel);
        return await PrintAsync(services, await services.GetRequiredService<ResetUser>().RunAsync(s_operator, new(user, secondFactor), cancel), io, cancel);
    }

    private static async Task<int> LockAsync(IServiceProvider services, string name, bool locked, VerbOutput io, CancellationToken cancel)
    {
        var user = await FindAsync(services, name, cancel);
        Demand(await services.GetRequiredService<LockUser>().RunAsync(s_operator, new(user, locked), cancel));
        await io.Out.WriteLineAsync($"{name} is {(locked ? "locked; open log-ins end within ten seconds" : "unlocked")}");
        return 0;
    }

    private static async Task<UserId> FindAsync(IServiceProvider services, string name, CancellationToken cancel) =>
        (await services.GetRequiredService<UserStore>().FindByNameAsync(NameForm.Of(name), cancel))?.Id
        ?? throw new OperatorFault("There is no such person.", $"Name: {name}", "Use: cirt user list");

    private static async Task<int> PrintAsync(IServiceProvider services, Outcome<OneTimeLink> outcome, VerbOutput io, CancellationToken cancel)
    {
        var link = Demand(outcome);
        await io.Out.WriteLineAsync($"{await AddressAsync(services, cancel)}{link.Path}");
        await io.Out.WriteLineAsync($"works once, until {link.ExpiresAt:yyyy-MM-dd HH:mm} UTC");
        return 0;
    }

    private static async Task<string> AddressAsync(IServiceProvider services, CancellationToken cancel) =>
        (await services.GetRequiredService<ISettings>().FindAsync<string>(SettingKeys.SiteAddress, cancel))?.TrimEnd('/') ?? "https://127.0.0.1:8443";

    /// <summary>The value, or the refusal as a message on the terminal.</summary>
    internal static T Demand<T>(Outcome<T> outcome) => outcome.TryGet(out var value)
        ? value
        : throw new OperatorFault("That was refused.", string.Join("; ", outcome.Refusals.Select(r => $"{r.Key} {string.Join(' ', r.Arguments)}".Trim())), "Correct it and try again.");
}
