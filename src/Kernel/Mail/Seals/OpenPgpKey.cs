using System.Globalization;
using System.Text;

namespace Appliance.Kernel.Mail;

/// <summary>An OpenPGP key as gpg lists it (doc/DETAILS of GnuPG, "colon listings"). What its user ids say is a stranger's text.</summary>
/// <param name="Fingerprint">Of the primary key, hexadecimal capitals.</param>
/// <param name="UserIds">Those not revoked, the main one first.</param>
/// <param name="Created">When it was made, as it says.</param>
/// <param name="Expires">When it ends, or null.</param>
/// <param name="Revoked">True when its owner has taken it back.</param>
/// <param name="Valid">False when revoked, expired, disabled or not rightly bound.</param>
/// <param name="Signs">True with a part that may sign now.</param>
/// <param name="Encrypts">True with a part that may be encrypted to now.</param>
/// <param name="Algorithm">Of the primary key: ed25519, rsa3072, ….</param>
internal sealed record OpenPgpKey(string Fingerprint, IReadOnlyList<string> UserIds, DateTimeOffset Created, DateTimeOffset? Expires, bool Revoked, bool Valid, bool Signs, bool Encrypts, string Algorithm)
{
    /// <summary>True when the ring holds its secret part.</summary>
    public bool Own { get; init; }

    /// <summary>The mail addresses of its user ids, in small letters.</summary>
    public IReadOnlyList<string> Addresses => [.. UserIds.Select(Address).OfType<string>().Distinct()];

    /// <summary>The keys of a home.</summary>
    public static async Task<IReadOnlyList<OpenPgpKey>> ListAsync(string home, CancellationToken cancel)
    {
        var secret = Read(await GpgProgram.RunAsync(home, ["--with-colons", "--list-secret-keys"], default, cancel)).Select(k => k.Fingerprint).ToHashSet();
        return [.. Read(await GpgProgram.RunAsync(home, ["--with-colons", "--list-keys"], default, cancel)).Select(k => k with { Own = secret.Contains(k.Fingerprint) })];
    }

    /// <summary>The address in a user id such as <c>Name (comment) &lt;name@domain&gt;</c>, in small letters, or null.</summary>
    internal static string? Address(string userId)
    {
        var open = userId.LastIndexOf('<');
        var said = open >= 0 && userId.EndsWith('>') ? userId[(open + 1)..^1] : userId;
        return MailAddress.TryRead(said, out var address, out _) ? address.ToLowerInvariant() : null;
    }

    private static List<OpenPgpKey> Read(GpgAnswer answer)
    {
        var keys = new List<OpenPgpKey>();
        OpenPgpKey? key = null;
        foreach (var field in Encoding.UTF8.GetString(answer.Output).Split('\n').Select(l => l.Split(':')))
        {
            if (field[0] is "pub" or "sec" && field.Length > 16)
            {
                Keep();
                key = new("", [], Time(field[5]) ?? default, Time(field[6]), field[1] == "r", field[1] is not ("r" or "e" or "d" or "i" or "n") && !field[11].Contains('D', StringComparison.Ordinal),
                    field[11].Contains('S', StringComparison.Ordinal), field[11].Contains('E', StringComparison.Ordinal), field[16].Length > 0 ? field[16] : Algorithms(field[3]) + field[2]);
            }
            else if (key is not null && field[0] == "fpr" && key.Fingerprint.Length == 0 && field.Length > 9)
                key = key with { Fingerprint = field[9] };
            else if (key is not null && field[0] == "uid" && field.Length > 9 && (key.Revoked || field[1] is not ("r" or "i")))
                // With the key itself all its user ids count as taken back.
                key = key with { UserIds = [.. key.UserIds, Unescape(field[9])] };
        }
        Keep();
        return keys;

        void Keep()
        {
            if (key is { Fingerprint.Length: >= 40 })
                keys.Add(key);
        }
    }

    private static string Algorithms(string number) => number switch { "1" or "2" or "3" => "rsa", "16" => "elg", "17" => "dsa", "18" => "ecdh", "19" => "ecdsa", "22" => "eddsa", _ => $"{number}/" };

    private static DateTimeOffset? Time(string seconds) =>
        long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at <= 253402300799 ? DateTimeOffset.FromUnixTimeSeconds(at) : null;

    /// <summary>Colons, backslashes and control characters come as <c>\xHH</c>.</summary>
    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
            return text;
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text[i + 1] == 'x' && byte.TryParse(text.AsSpan(i + 2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var code))
            {
                plain.Append((char)code);
                i += 3;
            }
            else
                plain.Append(text[i]);
        }
        return plain.ToString();
    }
}
