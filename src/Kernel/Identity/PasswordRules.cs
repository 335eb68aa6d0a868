using Appliance.Contracts;
using Microsoft.AspNetCore.Identity;

namespace Appliance.Kernel.Identity;

/// <summary>Length before decoration (NIST SP 800-63B): 12 characters, not the name, not a handful of characters repeated, not one everybody tries.</summary>
internal sealed class PasswordRules : IPasswordValidator<User>
{
    public const int Shortest = 12;
    public const int Longest = 256;

    private static readonly string[] s_common =
        ["password", "passw0rd", "qwerty", "azerty", "letmein", "welcome", "iloveyou", "admin", "changeme", "123456", "abcdef", "secret", "monkey", "dragon"];

    public Task<IdentityResult> ValidateAsync(UserManager<User> manager, User user, string? password) =>
        Task.FromResult(Check(user.Name, password) is { } fault
            ? IdentityResult.Failed(new IdentityError { Code = fault.Key, Description = fault.Key })
            : IdentityResult.Success);

    /// <summary>What is wrong with a new password, or null.</summary>
    public static Refusal? Check(string name, string? password) => password switch
    {
        null or { Length: < Shortest } => Refuse.Invalid("kernel.password.short", "password", Shortest),
        { Length: > Longest } => Refuse.Invalid("kernel.password.long", "password", Longest),
        _ when password.Distinct().Count() < 5 => Refuse.Invalid("kernel.password.simple", "password"),
        _ when name.Length >= 3 && password.Contains(name, StringComparison.OrdinalIgnoreCase) => Refuse.Invalid("kernel.password.name", "password"),
        _ when s_common.Any(c => password.StartsWith(c, StringComparison.OrdinalIgnoreCase) && password.Length - c.Length < 6) => Refuse.Invalid("kernel.password.common", "password"),
        _ => null,
    };
}
