using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Appliance.Uplink.Peers;

/// <summary>Encrypts what we show to a peer to be let in. Read only to be sent; never shown.</summary>
internal sealed class PeerSecrets(IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("uplink.peer-secret");

    public byte[] Protect(string secret) => _protector.Protect(Encoding.UTF8.GetBytes(secret));

    /// <summary>The secret, or null when its key is gone: then it must be entered again.</summary>
    public string? Unprotect(byte[]? secret)
    {
        if (secret is null)
            return null;
        try
        {
            return Encoding.UTF8.GetString(_protector.Unprotect(secret));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
