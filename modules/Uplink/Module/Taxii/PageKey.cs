using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Appliance.Uplink.Taxii;

/// <summary>The value of <c>next</c>: where the page ended, signed together with the filters, so that it cannot be mixed with others or made up.</summary>
internal static class PageKey
{
    private const int TagBytes = 16;

    public static string Write(DateTimeOffset last, string fingerprint, byte[] key)
    {
        var bytes = new byte[8 + TagBytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, last.UtcTicks);
        Tag(last.UtcTicks, fingerprint, key).CopyTo(bytes, 8);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Where to go on, or null when the text is not from here or belongs to other filters.</summary>
    public static DateTimeOffset? Read(string text, string fingerprint, byte[] key)
    {
        var bytes = new byte[8 + TagBytes];
        if (text.Length > 64 || !Base64Url.IsValid(text, out var length) || length != bytes.Length || !Base64Url.TryDecodeFromChars(text, bytes, out _))
            return null;
        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        return CryptographicOperations.FixedTimeEquals(Tag(ticks, fingerprint, key), bytes.AsSpan(8)) ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
    }

    private static byte[] Tag(long ticks, string fingerprint, byte[] key) =>
        HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{ticks}|{fingerprint}")))[..TagBytes];
}
