using Appliance.Contracts;
using Appliance.Kernel.Identity;

namespace Appliance.Consoles.Users;

/// <summary>Names of roles as people read them.</summary>
internal static class RoleWords
{
    /// <summary>The title of a stored role: a text for a shipped one, its own title otherwise.</summary>
    public static string TitleOf(this IText text, string word, RoleMap? map) =>
        RolePermissions.Read(word) is not null ? text[$"ui.role.{word}"] : map?.Find(word)?.Title ?? word;

    /// <summary>A shipped role as stored.</summary>
    public static string Word(Role role) => RolePermissions.Word(role);

    /// <summary>The page of an own role.</summary>
    public static string Path(OwnRole role) => $"/admin/roles/own/{role.Word["own:".Length..]}";
}
