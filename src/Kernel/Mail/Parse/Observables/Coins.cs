using System.Numerics;
using System.Security.Cryptography;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Addresses of digital coins that carry a checksum.</summary>
internal static class Coins
{
    private const string Base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

    /// <summary>Base58Check with version 0 or 5, or the form of BIP 173 in one case with a digit.</summary>
    public static bool IsBitcoin(string text)
    {
        if (text.StartsWith("bc1", StringComparison.OrdinalIgnoreCase))
            return text.Length is >= 14 and <= 74 && (text == text.ToLowerInvariant() || text == text.ToUpperInvariant()) && HasChecksum(text.ToLowerInvariant());
        var number = BigInteger.Zero;
        foreach (var c in text)
        {
            var digit = Base58.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
                return false;
            number = number * 58 + digit;
        }
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        if (bytes.Length > 25)
            return false;
        var whole = new byte[25];
        bytes.CopyTo(whole, 25 - bytes.Length);
        return whole[0] is 0 or 5 && SHA256.HashData(SHA256.HashData(whole.AsSpan(0, 21))).AsSpan(0, 4).SequenceEqual(whole.AsSpan(21));
    }

    /// <summary>The checksum of BIP 173, and of BIP 350 for later versions.</summary>
    private static bool HasChecksum(string text)
    {
        const string Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
        ReadOnlySpan<uint> generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
        var check = 1u;
        // "bc" expanded: high bits, zero, low bits.
        foreach (var value in (ReadOnlySpan<int>)[3, 3, 0, 2, 3])
            check = Next(check, value, generator);
        foreach (var c in text.AsSpan(3))
        {
            var digit = Alphabet.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
                return false;
            check = Next(check, digit, generator);
        }
        return check is 1 or 0x2bc830a3;

        static uint Next(uint check, int value, ReadOnlySpan<uint> generator)
        {
            var top = check >> 25;
            check = (check & 0x1ffffff) << 5 ^ (uint)value;
            for (var i = 0; i < 5; i++)
                if ((top >> i & 1) != 0)
                    check ^= generator[i];
            return check;
        }
    }
}
