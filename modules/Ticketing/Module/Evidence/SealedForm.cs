namespace Appliance.Ticketing.Evidence;

/// <summary>
/// How a file lies on the disk: eight letters, then pieces of 64 KiB, each with its tag (AES-256-GCM). The nonce of a piece is its number and whether it is the last, so that none can be
/// left out, repeated or moved; every file has a key of its own, so that no nonce is used twice.
/// </summary>
internal static class SealedForm
{
    public const int Piece = 64 * 1024;

    public const int Tag = 16;

    public const int KeyBytes = 32;

    public static ReadOnlySpan<byte> Mark => "CIRTEV01"u8;

    /// <summary>Bytes that a file of <paramref name="size"/> takes.</summary>
    public static long LengthOf(long size) => Mark.Length + size + (Math.Max(1, (size + Piece - 1) / Piece) * Tag);

    public static void Nonce(Span<byte> nonce, long number, bool last)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(nonce, number);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(nonce[8..], last ? 1 : 0);
    }
}
