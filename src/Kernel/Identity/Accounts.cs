using System.Net.Mail;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Microsoft.AspNetCore.Identity;

namespace Appliance.Kernel.Identity;

/// <summary>What the acts on accounts share: the rules for their fields and how roles are stored.</summary>
internal static class Accounts
{
    public const string AdministratorExists =
        """
        select exists (
            select 1 from identity.user_roles r
            join identity.users u on u.id = r.user_id
            where r.role = 'administrator' and u.state = 'active')
        """;

    public const string IsLastAdministrator =
        """
        select exists (select 1 from identity.user_roles where user_id = @Id and role = 'administrator')
           and not exists (
            select 1 from identity.user_roles r
            join identity.users u on u.id = r.user_id
            where r.role = 'administrator' and u.state = 'active' and u.id <> @Id)
        """;

    private const string DropRoles = "delete from identity.user_roles where user_id = @Id";

    private const string InsertRole = "insert into identity.user_roles (user_id, role) values (@Id, @Role)";

    public static User New(string name, string displayName, string mail, string language, DateTimeOffset now) => new()
    {
        Name = name.Trim(),
        DisplayName = displayName.Trim() is { Length: > 0 } given ? given : name.Trim(),
        Mail = mail.Trim(),
        Language = Languages.All.Contains(language) ? language : "en",
        CreatedAt = now,
    };

    /// <summary>What is wrong with the person's fields, or null.</summary>
    public static Refusal? Check(User user)
    {
        if (user.Name.Length is < 2 or > 60 || !user.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '@' or '+'))
            return Refuse.Invalid("kernel.user.name", "name");
        if (user.DisplayName.Length > 100 || user.DisplayName.Any(char.IsControl))
            return Refuse.Invalid("kernel.user.display", "display");
        return user.Mail.Length > 0 && !IsMail(user.Mail) ? Refuse.Invalid("kernel.user.mail", "mail", user.Mail) : null;
    }

    public static async Task SetRolesAsync(Work work, UserId id, IEnumerable<Role> roles, IEnumerable<string> own, CancellationToken cancel)
    {
        await work.ExecuteAsync(DropRoles, new { Id = id }, cancel);
        foreach (var word in roles.Select(RolePermissions.Word).Concat(own).Distinct())
            await work.ExecuteAsync(InsertRole, new { Id = id, Role = word }, cancel);
    }

    /// <summary>The framework's answer as a refusal: its own codes mean a taken name; the rest were checked before.</summary>
    public static Refusal? RefusalOf(IdentityResult result)
    {
        if (result.Succeeded)
            return null;
        var code = result.Errors.First().Code;
        return code == "DuplicateUserName" ? Refuse.Conflict("kernel.user.taken")
            : code.StartsWith("kernel.", StringComparison.Ordinal) ? Refuse.Invalid(code)
            : Refuse.Invalid("kernel.user.name", "name");
    }

    private static bool IsMail(string text) =>
        text.Length <= 254 && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) && MailAddress.TryCreate(text, out var parsed) && parsed.Address == text && text.Contains('@', StringComparison.Ordinal);
}
