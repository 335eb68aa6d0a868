using System.Security.Cryptography;
using System.Text;

namespace Appliance.Fuzz.Targets;

/// <summary>Seals what a client says as a QUIC version 1 Initial (RFC 9001 section 5.2), so that changes reach the frames inside and not only the cipher.</summary>
internal static class QuicSeal
{
    private const int TagLength = 16, PacketNumberLength = 4, SampleLength = 16, LeastDatagram = 1200;
    private static readonly byte[] Salt = Convert.FromHexString("38762cf7f55934b34d179ae6a4c80cadccbb7f0a");
    private static readonly byte[] ConnectionId = [1, 2, 3, 4, 5, 6, 7, 8];

    public static byte[] Initial(byte[] frames)
    {
        // what is short is padded, as a client must (RFC 9000 section 14.1)
        if (frames.Length < LeastDatagram) Array.Resize(ref frames, LeastDatagram);
        byte[] secret = Expand(HKDF.Extract(HashAlgorithmName.SHA256, ConnectionId, Salt), "client in", 32);
        byte[] key = Expand(secret, "quic key", 16), nonce = Expand(secret, "quic iv", 12), mask = Expand(secret, "quic hp", 16);
        int length = PacketNumberLength + frames.Length + TagLength;
        byte[] header = [0xc3, 0, 0, 0, 1, (byte)ConnectionId.Length, .. ConnectionId, 0, 0, (byte)(0x80 | length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length, 0, 0, 0, 0];
        var packet = new byte[header.Length + frames.Length + TagLength];
        header.CopyTo(packet, 0);
        using (var gcm = new AesGcm(key, TagLength)) gcm.Encrypt(nonce, frames, packet.AsSpan(header.Length, frames.Length), packet.AsSpan(header.Length + frames.Length), header);
        using var aes = Aes.Create();
        aes.Key = mask;
        byte[] hidden = aes.EncryptEcb(packet.AsSpan(header.Length, SampleLength), PaddingMode.None);
        packet[0] ^= (byte)(hidden[0] & 0x0f);
        for (int i = 0; i < PacketNumberLength; i++) packet[header.Length - PacketNumberLength + i] ^= hidden[1 + i];
        return packet;
    }

    /// <summary>HKDF-Expand-Label of TLS 1.3 (RFC 8446 section 7.1) with an empty context.</summary>
    private static byte[] Expand(byte[] secret, string label, int length)
    {
        byte[] name = Encoding.ASCII.GetBytes("tls13 " + label);
        return HKDF.Expand(HashAlgorithmName.SHA256, secret, length, [(byte)(length >> 8), (byte)length, (byte)name.Length, .. name, 0]);
    }
}
