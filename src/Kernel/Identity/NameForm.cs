using System.Text;
using Microsoft.AspNetCore.Identity;

namespace Appliance.Kernel.Identity;

/// <summary>One form per log-in name, however it is typed: compatibility composition, no space around, upper case.</summary>
internal sealed class NameForm : ILookupNormalizer
{
    public string? NormalizeName(string? name) => Of(name);

    public string? NormalizeEmail(string? email) => Of(email);

    /// <summary>The form of <paramref name="name"/>. Text that is no Unicode becomes the empty form, which no account has.</summary>
    public static string Of(string? name)
    {
        try
        {
            return (name ?? "").Normalize(NormalizationForm.FormKC).Trim().ToUpperInvariant();
        }
        catch (ArgumentException)
        {
            return "";
        }
    }
}
