using System.Security.Cryptography;
using System.Text;

namespace Appliance.Sensing.Engine.AppLayer.Quic;

/// <summary>The keys of Initial packets, which anyone can derive (RFC 9001 section 5.2, RFC 9369 section 3.3), and the opening of such packets.</summary>
internal sealed class QuicKeys
{
    private static readonly byte[] SaltOne = Convert.FromHexString("38762cf7f55934b34d179ae6a4c80cadccbb7f0a");
    private static readonly byte[] SaltTwo = Convert.FromHexString("0dede3def700a6db819381be6e269dcbf9bd2ed9");
    private static readonly byte[] SaltDraft29 = Convert.FromHexString("afbfec289993d24c9e9786f19c6111e04390a899");
    private static readonly byte[] SaltDraft23 = Convert.FromHexString("c3eef712c72ebb5a11a7d2432bb46365bef9f502");

    private readonly byte[] _key, _iv, _mask;

    private QuicKeys(byte[] secret, bool two)
    {
        string prefix = two ? "quicv2 " : "quic ";
        _key = Expand(secret, prefix + "key", 16);
        _iv = Expand(secret, prefix + "iv", 12);
        _mask = Expand(secret, prefix + "hp", 16);
    }

    public static (QuicKeys Client, QuicKeys Server) Derive(uint version, ReadOnlySpan<byte> destination)
    {
        byte[] salt = version switch { 0x6b3343cf => SaltTwo, >= 0xff00001d and <= 0xff000020 => SaltDraft29, >= 0xff000017 and <= 0xff00001c => SaltDraft23, _ => SaltOne };
        byte[] initial = HKDF.Extract(HashAlgorithmName.SHA256, destination.ToArray(), salt);
        bool two = version == 0x6b3343cf;
        return (new QuicKeys(Expand(initial, "client in", 32), two), new QuicKeys(Expand(initial, "server in", 32), two));
    }

    /// <summary>HKDF-Expand-Label with an empty context (RFC 8446 section 7.1).</summary>
    private static byte[] Expand(byte[] secret, string label, int length)
    {
        byte[] full = Encoding.ASCII.GetBytes("tls13 " + label);
        byte[] about = [(byte)(length >> 8), (byte)length, (byte)full.Length, .. full, 0];
        return HKDF.Expand(HashAlgorithmName.SHA256, secret, length, about);
    }

    /// <summary>Opens a packet whose header ends at <paramref name="numberAt"/>; null when it is not sealed with these keys.</summary>
    public byte[]? Open(ReadOnlySpan<byte> packet, int numberAt)
    {
        if (packet.Length < numberAt + 4 + 16) return null;
        Span<byte> mask = stackalloc byte[16];
        using (var aes = Aes.Create())
        {
            aes.Key = _mask;
            aes.EncryptEcb(packet.Slice(numberAt + 4, 16), mask, PaddingMode.None);
        }
        int first = packet[0] ^ mask[0] & 0x0f, size = (first & 3) + 1;
        byte[] header = packet[..(numberAt + size)].ToArray();
        header[0] = (byte)first;
        ulong number = 0;
        for (int i = 0; i < size; i++)
        {
            header[numberAt + i] ^= mask[1 + i];
            number = number << 8 | header[numberAt + i];
        }
        Span<byte> nonce = stackalloc byte[12];
        _iv.CopyTo(nonce);
        for (int i = 0; i < 8; i++) nonce[11 - i] ^= (byte)(number >> 8 * i);
        ReadOnlySpan<byte> body = packet[(numberAt + size)..];
        if (body.Length < 17) return null;
        var plain = new byte[body.Length - 16];
        using var cipher = Aes.Create();
        cipher.Key = _key;
        return AesGcmOpen.TryOpen(cipher, nonce, body[..^16], body[^16..], header, plain) ? plain : null;
    }
}
