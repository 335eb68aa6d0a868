using Appliance.Contracts;
using Appliance.Kernel.Identity;
using Appliance.Kernel.Settings;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Kernel.Answers;

/// <summary>Section <c>people</c>: who may log in from the first day. Nobody gets a password; each has a code or link that works once.</summary>
internal sealed class PeopleAnswers : IAnswerSection
{
    private const int HashBytes = 32;

    public string Name => "people";

    public int Order => 20;

    public string Summary => "who may log in: name, display, mail, language, roles (administrator by default), code (SHA-256 of the enrolment code on the printed card; without it a link is printed)";

    public bool IsRequired => true;

    public AnswerStep Prepare(AnswerMap file)
    {
        var people = file.Maps(Name, Read);
        if (!people.Any(p => p.Invitation.Roles.Contains(Role.Administrator)))
            file.Fault(Name, "has nobody with the role administrator; nobody could set the machine up");
        foreach (var name in people.GroupBy(p => NameForm.Of(p.Invitation.Name)).Where(g => g.Count() > 1))
            file.Fault(Name, $"names {name.Key} twice");
        return (run, cancel) => ApplyAsync(people, run, cancel);
    }

    private static Person Read(AnswerMap map)
    {
        var words = map.Texts("roles");
        var roles = new List<Role>();
        foreach (var word in words)
            if (RolePermissions.Read(word) is { } role && role is not (Role.Peer or Role.Constituent))
                roles.Add(role);
            else
                map.Fault("roles", $"holds '{word}', which is no role of a member of the team");
        if (words.Count == 0)
            roles.Add(Role.Administrator);
        var language = map.Choice("language", [.. Languages.All]);
        var invitation = new Invitation(map.Text("name"), map.Text("display", ""), map.Text("mail", ""), roles, Language: language);
        if (invitation.Name.Length > 0 && Accounts.Check(Accounts.New(invitation.Name, invitation.DisplayName, invitation.Mail, language, default)) is { } refusal)
            map.Fault([refusal]);
        var code = map.Text("code", "");
        var hash = code.Length == HashBytes * 2 && code.All(char.IsAsciiHexDigitLower) ? Convert.FromHexString(code) : null;
        if (code.Length > 0 && hash is null)
            map.Fault("code", "is not the SHA-256 of a code: 64 signs 0-9 a-f. The code itself belongs on the card, never into the file");
        return new(invitation with { CodeHash = hash }, map.Path);
    }

    private static async Task ApplyAsync(IReadOnlyList<Person> people, AnswerRun run, CancellationToken cancel)
    {
        var store = run.Services.GetRequiredService<UserStore>();
        var site = await run.Services.GetRequiredService<ISettings>().FindAsync<string>(SettingKeys.SiteAddress, cancel);
        foreach (var (invitation, path) in people)
        {
            if (await store.FindByNameAsync(NameForm.Of(invitation.Name), cancel) is not null)
            {
                await run.Output.WriteLineAsync($"{invitation.Name} is known already");
                continue;
            }
            var link = AnswerRun.Demand(path, await run.Services.GetRequiredService<InviteUser>().RunAsync(run.Viewer, invitation, cancel));
            await run.Output.WriteLineAsync(invitation.CodeHash is null
                ? $"{invitation.Name} logs in first, once, until {link.ExpiresAt:yyyy-MM-dd HH:mm} UTC: {site?.TrimEnd('/')}{link.Path}"
                : $"{invitation.Name} logs in first with the code on the card, until {link.ExpiresAt:yyyy-MM-dd HH:mm} UTC");
        }
    }

    private sealed record Person(Invitation Invitation, string Path);
}
