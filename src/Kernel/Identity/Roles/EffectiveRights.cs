using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>What one person may do in the end, and through which role.</summary>
/// <param name="Id">The person.</param>
/// <param name="Name">Log-in name.</param>
/// <param name="DisplayName">Name shown to colleagues.</param>
/// <param name="State">invited, active, locked.</param>
/// <param name="Roles">Words of the roles held.</param>
/// <param name="Rights">Each right with the words of the roles that give it.</param>
internal sealed record PersonRights(UserId Id, string Name, string DisplayName, string State, IReadOnlyList<string> Roles, IReadOnlyDictionary<string, IReadOnlyList<string>> Rights);

/// <summary>What people may do in the end. With a right named, only who holds it: "who can do this?"</summary>
/// <param name="User">One person only.</param>
/// <param name="Permission">Only who holds this right.</param>
internal sealed record RightsQuestion(UserId? User = null, string? Permission = null);

/// <summary>Answers who may do what, computed as log-in computes it.</summary>
internal sealed class ShowRights(Database database, RolePermissions roles) : Query<RightsQuestion, IReadOnlyList<PersonRights>>
{
    private const string People =
        """
        select u.id, u.name, u.display_name, u.state, array(select r.role from identity.user_roles r where r.user_id = u.id order by r.role) as roles
        from identity.users u
        where @User::uuid is null or u.id = @User
        order by u.normal_name
        limit 2000
        """;

    public override Permission Permission => KernelPermissions.ManageUsers;

    protected override async Task<Outcome<IReadOnlyList<PersonRights>>> HandleAsync(Viewer viewer, RightsQuestion request, CancellationToken cancel)
    {
        if (request.Permission is { } asked && !roles.All.Contains(asked))
            return Refuse.NotFound("kernel.permission.unknown", asked);
        var map = await roles.ReadAsync(cancel);
        var rows = await database.QueryAsync<PersonRow>(People, new { User = request.User?.Value }, cancel);
        return rows
            .Select(row => new PersonRights(row.Id, row.Name, row.DisplayName, row.State, row.Roles, RightsOf(row.Roles, map)))
            .Where(person => request.Permission is null || person.Rights.ContainsKey(request.Permission))
            .ToArray();
    }

    private Dictionary<string, IReadOnlyList<string>> RightsOf(string[] words, RoleMap map) =>
        words.SelectMany(word => map.Of(word).Where(roles.All.Contains).Select(right => (word, right)))
            .GroupBy(pair => pair.right)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => (IReadOnlyList<string>)[.. group.Select(pair => pair.word)]);

    private sealed class PersonRow
    {
        public UserId Id { get; set; }

        public string Name { get; set; } = "";

        public string DisplayName { get; set; } = "";

        public string State { get; set; } = "";

        public string[] Roles { get; set; } = [];
    }
}
