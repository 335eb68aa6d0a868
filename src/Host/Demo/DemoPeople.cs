using System.Security.Cryptography;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Identity;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Settings;

namespace Appliance.Host.Demo;

/// <summary>A person of the sample country, with what it takes to act as them.</summary>
/// <param name="Name">Log-in name.</param>
/// <param name="Password">Made at random for this installation; shown once by <c>cirt run --demo</c>.</param>
/// <param name="Token">Bearer token for the REST API.</param>
internal sealed record DemoPerson(string Name, string Password, string Token);

/// <summary>Makes the people of the sample country and keeps how to act as them in <c>keys/demo.json</c>, readable by the service user only.</summary>
internal static class DemoPeople
{
    private static readonly (string Name, string Display, string Language, Role[] Roles)[] s_people =
    [
        ("amina", "Amina Haddad", "en", [Role.Analyst, Role.Operator]),
        ("lee", "Lee Wei", "en", [Role.Manager, Role.Administrator]),
    ];

    public static string FileIn(DataFolder data) => Path.Combine(data.Keys, "demo.json");

    public static IReadOnlyList<DemoPerson>? Load(DataFolder data) =>
        File.Exists(FileIn(data)) ? JsonSerializer.Deserialize<List<DemoPerson>>(File.ReadAllText(FileIn(data))) : null;

    /// <summary>Makes whoever is missing. Safe to run again.</summary>
    public static async Task<IReadOnlyList<DemoPerson>> EnsureAsync(IServiceProvider services, DataFolder data, CancellationToken cancel)
    {
        if (Load(data) is { } known)
            return known;
        var people = new List<DemoPerson>();
        foreach (var (name, display, language, roles) in s_people)
            people.Add(await MakeAsync(services, name, display, language, roles, cancel));
        // From here on every page says that this is the sample country.
        Take(await services.GetRequiredService<ChangeSetting>().RunAsync(Viewer.System("demo"), new(SettingKeys.SamplePresent, true), cancel));
        await using var stream = new FileStream(FileIn(data), new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        await JsonSerializer.SerializeAsync(stream, people, cancellationToken: cancel);
        return people;
    }

    private static async Task<DemoPerson> MakeAsync(IServiceProvider services, string name, string display, string language, Role[] roles, CancellationToken cancel)
    {
        var system = Viewer.System("demo");
        var invited = Take(await services.GetRequiredService<InviteUser>().RunAsync(system, new(name, display, $"{name}@cirt.example", roles, null, language), cancel));
        var password = $"sample-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        var secret = invited.Path["/invite/".Length..];
        Take(await services.GetRequiredService<AcceptInvitation>().RunAsync(system, new(secret, password, language), cancel));
        var modules = services.GetRequiredService<ModuleSet>();
        var rights = modules.Modules.SelectMany(m => m.Permissions).Where(p => p.Roles.Intersect(roles).Any()).Select(p => p.Permission).Distinct().ToList();
        var token = Take(await services.GetRequiredService<IssueToken>().RunAsync(system, new($"{name}-demo", TokenKind.Bearer, rights, TimeSpan.FromDays(30), null, invited.User), cancel));
        return new(name, password, token.Secret);
    }

    private static T Take<T>(Outcome<T> outcome) => outcome.Succeeded
        ? outcome.Value
        : throw new InvalidOperationException($"the sample country could not be made: {outcome.Refusals[0].Key}");
}
