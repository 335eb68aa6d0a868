using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Appliance.Kernel.Webhooks;

/// <summary>The shared secrets of webhooks and what is made with them.</summary>
internal sealed class WebhookSecrets(IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("kernel.webhooks");

    public static string New() => $"whsec_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}";

    public string Protect(string secret) => _protector.Protect(secret);

    public string Unprotect(string stored) => _protector.Unprotect(stored);

    /// <summary>
    /// The header <c>Cirt-Signature</c>: <c>t=1700000000,v1=HEX</c>, one <c>v1</c> for every secret that counts. Each is HMAC-SHA-256 over <c>t</c>, a dot and the body;
    /// the time is signed, so that an old message cannot be sent again as new.
    /// </summary>
    public static string Sign(IEnumerable<string> secrets, DateTimeOffset at, string body)
    {
        var time = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signed = Encoding.UTF8.GetBytes($"{time}.{body}");
        return string.Join(',', secrets.Select(s => $"v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(s), signed))}").Prepend($"t={time}"));
    }
}
