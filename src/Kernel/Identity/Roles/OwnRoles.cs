using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>An own role as an administrator wants it.</summary>
/// <param name="Word">The role to change; null for a new one.</param>
/// <param name="Title">Shown to people.</param>
/// <param name="Note">What it is for, or empty.</param>
/// <param name="Permissions">What it may do; all of it, not the difference.</param>
internal sealed record RoleSheet(string? Word, string Title, string Note, IReadOnlyList<string> Permissions);

/// <summary>Makes or changes a role of the appliance's own. Who loses a right by it logs in anew.</summary>
internal sealed class SaveOwnRole(Database database, RolePermissions roles, Sessions sessions) : Act<RoleSheet, string>(database)
{
    private const string Upsert =
        """
        insert into identity.own_roles (word, title, note, changed_at, changed_by) values (@Word, @Title, @Note, @Now, @By)
        on conflict (word) do update set title = excluded.title, note = excluded.note, changed_at = excluded.changed_at, changed_by = excluded.changed_by
        """;

    private const string Exists = "select exists (select 1 from identity.own_roles where word = @Word)";

    private const string Taken = "select exists (select 1 from identity.own_roles where lower(title) = lower(@Title) and word <> @Word)";

    private const string Before = "select permission from identity.role_permissions where role = @Word order by permission for update";

    private const string Drop = "delete from identity.role_permissions where role = @Word";

    private const string Insert = "insert into identity.role_permissions (role, permission, granted) select @Word, unnest(@Permissions), true";

    public override Permission Permission => KernelPermissions.ManageUsers;

    protected override async Task<Outcome<string>> HandleAsync(Work work, RoleSheet request, CancellationToken cancel)
    {
        if (OwnRoleRules.Check(work.Viewer, request, roles.All) is { } refusal)
            return refusal;
        var title = request.Title.Trim();
        var word = request.Word ?? OwnRoleRules.WordOf(title);
        if (await work.FindAsync<bool>(Exists, new { Word = word }, cancel) != request.Word is not null)
            return request.Word is null ? Refuse.Conflict("kernel.role.taken", title) : Refuse.NotFound("kernel.role.unknown");
        if (await work.FindAsync<bool>(Taken, new { Title = title, Word = word }, cancel))
            return Refuse.Conflict("kernel.role.taken", title);
        var before = await work.QueryAsync<string>(Before, new { Word = word }, cancel);
        await work.ExecuteAsync(Upsert, new { Word = word, Title = title, Note = request.Note.Trim(), work.Now, By = work.Viewer.Id.Value }, cancel);
        await work.ExecuteAsync(Drop, new { Word = word }, cancel);
        await work.ExecuteAsync(Insert, new { Word = word, Permissions = request.Permissions.Distinct().ToArray() }, cancel);
        var taken = before.Except(request.Permissions).ToArray();
        var given = request.Permissions.Except(before).ToArray();
        if (taken.Length > 0)
            await OwnRoleRules.EndHoldersAsync(work, sessions, word, cancel);
        work.AfterCommit(roles.Forget);
        work.Audit(request.Word is null ? "kernel.role.made" : "kernel.role.changed", $"role/{word}", new { title, given, taken });
        return word;
    }
}

/// <summary>Removes an own role that nobody holds.</summary>
internal sealed class RemoveOwnRole(Database database, RolePermissions roles) : Act<string, Done>(database)
{
    private const string Held = "select count(*)::int from identity.user_roles where role = @Word";

    private const string Drop =
        """
        with gone as (delete from identity.role_permissions where role = @Word)
        delete from identity.own_roles where word = @Word
        """;

    public override Permission Permission => KernelPermissions.ManageUsers;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, string request, CancellationToken cancel)
    {
        if (OwnRoleRules.IsAdministrator(work.Viewer) is { } refusal)
            return refusal;
        if (await work.FindAsync<int>(Held, new { Word = request }, cancel) is > 0 and var held)
            return Refuse.Conflict("kernel.role.held", held);
        if (await work.ExecuteAsync(Drop, new { Word = request }, cancel) == 0)
            return Refuse.NotFound("kernel.role.unknown");
        work.AfterCommit(roles.Forget);
        work.Audit("kernel.role.removed", $"role/{request}");
        return default(Done);
    }
}

/// <summary>What an own role may be.</summary>
internal static class OwnRoleRules
{
    private const string Holders = "select user_id from identity.user_roles where role = @Word";

    /// <summary>Only administrators shape roles: whoever shapes a role that he holds gives himself what he likes.</summary>
    public static Refusal? IsAdministrator(Viewer viewer) =>
        viewer.IsSystem || viewer.Roles.Contains(Role.Administrator) ? null : Refuse.Forbidden("kernel.user.administrator");

    public static Refusal? Check(Viewer viewer, RoleSheet sheet, IReadOnlyList<string> known)
    {
        if (IsAdministrator(viewer) is { } refusal)
            return refusal;
        if (sheet.Title.Trim() is not { Length: >= 2 and <= 60 } title || title.Any(char.IsControl))
            return Refuse.Invalid("kernel.role.title", "title");
        if (sheet.Note.Length > 300 || sheet.Note.Any(char.IsControl))
            return Refuse.Invalid("kernel.role.note", "note");
        if (sheet.Permissions.Count == 0)
            return Refuse.Invalid("kernel.role.empty", "permissions");
        return sheet.Permissions.FirstOrDefault(p => !known.Contains(p)) is { } unknown ? Refuse.NotFound("kernel.permission.unknown", unknown) : null;
    }

    /// <summary>A stable word for a title in any script.</summary>
    public static string WordOf(string title)
    {
        var word = new StringBuilder();
        foreach (var c in title.Normalize(NormalizationForm.FormKD).ToLowerInvariant())
            if (char.IsAsciiLetterOrDigit(c))
                word.Append(c);
            else if (word.Length > 0 && word[^1] != '-' && (char.IsWhiteSpace(c) || c is '-' or '_'))
                word.Append('-');
        var text = word.ToString().Trim('-');
        return $"own:{(text.Length >= 2 ? text : Convert.ToHexStringLower(Tokens.HashOf(title))[..12])}";
    }

    public static async Task EndHoldersAsync(Work work, Sessions sessions, string word, CancellationToken cancel)
    {
        foreach (var user in await work.QueryAsync<UserId>(Holders, new { Word = word }, cancel))
            await sessions.EndAllAsync(work, user, "rights changed", cancel);
    }
}
