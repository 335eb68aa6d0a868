using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Appliance.Sensing.Engine.AppLayer.Quic;

/// <summary>
/// AES-128-GCM (NIST SP 800-38D) for reading only, from the library's block cipher. The library's own GCM says "not sealed with this key" by an exception, which a stranger could make it throw
/// for each packet; this one answers false. It opens what anybody can open, so it guards no secret; the tag tells damaged packets from whole ones.
/// </summary>
internal static class AesGcmOpen
{
    private const int Block = 16;

    /// <summary>Deciphers <paramref name="sealedBytes"/> into <paramref name="plain"/> of the same length; false, and zeroes, when the tag does not fit.</summary>
    public static bool TryOpen(Aes cipher, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associated, Span<byte> plain)
    {
        Span<byte> counter = stackalloc byte[Block], mask = stackalloc byte[Block], expected = stackalloc byte[Block];
        counter.Clear();
        cipher.EncryptEcb(counter, mask, PaddingMode.None);
        UInt128 key = BinaryPrimitives.ReadUInt128BigEndian(mask);
        UInt128 sum = Absorb(Absorb(0, key, associated), key, sealedBytes);
        sum = Multiply(sum ^ ((UInt128)(ulong)associated.Length * 8 << 64 | (ulong)sealedBytes.Length * 8), key);
        nonce.CopyTo(counter);
        counter[Block - 1] = 1;
        cipher.EncryptEcb(counter, mask, PaddingMode.None);
        BinaryPrimitives.WriteUInt128BigEndian(expected, sum ^ BinaryPrimitives.ReadUInt128BigEndian(mask));
        if (!CryptographicOperations.FixedTimeEquals(expected, tag))
        {
            plain.Clear();
            return false;
        }
        for (int at = 0; at < sealedBytes.Length; at += Block)
        {
            BinaryPrimitives.WriteUInt32BigEndian(counter[12..], BinaryPrimitives.ReadUInt32BigEndian(counter[12..]) + 1);
            cipher.EncryptEcb(counter, mask, PaddingMode.None);
            for (int i = 0; i < Block && at + i < sealedBytes.Length; i++) plain[at + i] = (byte)(sealedBytes[at + i] ^ mask[i]);
        }
        return true;
    }

    private static UInt128 Absorb(UInt128 sum, UInt128 key, ReadOnlySpan<byte> bytes)
    {
        Span<byte> last = stackalloc byte[Block];
        for (; bytes.Length >= Block; bytes = bytes[Block..]) sum = Multiply(sum ^ BinaryPrimitives.ReadUInt128BigEndian(bytes), key);
        if (bytes.IsEmpty) return sum;
        last.Clear();
        bytes.CopyTo(last);
        return Multiply(sum ^ BinaryPrimitives.ReadUInt128BigEndian(last), key);
    }

    /// <summary>The product in GF(2^128) with the field's bits reflected (section 6.3).</summary>
    private static UInt128 Multiply(UInt128 x, UInt128 y)
    {
        UInt128 z = 0, reduction = (UInt128)0xe1 << 120;
        for (int i = 127; i >= 0; i--)
        {
            if ((x >> i & 1) != 0) z ^= y;
            bool carry = (y & 1) != 0;
            y >>= 1;
            if (carry) y ^= reduction;
        }
        return z;
    }
}
