using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http2;

/// <summary>
/// The code of RFC 7541, appendix B. It is canonical: within a length the symbols stand in order, so the lengths alone say everything.
/// </summary>
internal static class HpackHuffman
{
    private const int Shortest = 5, Longest = 30, EndOfString = 256;

    private static ReadOnlySpan<byte> Lengths =>
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    // per length: the first code behind that length's codes, left-aligned in 32 bits, and where its symbols lie
    private static readonly ulong[] Ends = new ulong[Longest + 1];
    private static readonly int[] Offsets = new int[Longest + 1];
    private static readonly ushort[] Symbols = new ushort[EndOfString + 1];

    static HpackHuffman()
    {
        uint code = 0;
        int at = 0;
        for (int length = Shortest; length <= Longest; length++)
        {
            code <<= 1;
            Offsets[length] = at - (int)code;
            for (int symbol = 0; symbol <= EndOfString; symbol++)
            {
                if (Lengths[symbol] != length) continue;
                Symbols[at++] = (ushort)symbol;
                code++;
            }
            Ends[length] = (ulong)code << (32 - length);
        }
    }

    /// <summary>Appends the plain text; false when the bits are no text of this code (RFC 7541, section 5.2).</summary>
    public static bool Decode(ReadOnlySpan<byte> bytes, SlidingBuffer to)
    {
        ulong held = 0; // the next bits, left-aligned in 64
        int count = 0, at = 0;
        while (true)
        {
            while (count <= 56 && at < bytes.Length)
            {
                held |= (ulong)bytes[at++] << (56 - count);
                count += 8;
            }
            uint next = (uint)(held >> 32);
            int length = Shortest;
            while (length <= Longest && next >= Ends[length]) length++;
            // what is left must be the padding: the beginning of the end-of-string code, less than a byte of it
            if (length > count) return count < 8 && (count == 0 || held >> (64 - count) == (1UL << count) - 1);
            if (length > Longest) return false;
            int symbol = Symbols[Offsets[length] + (int)(next >> (32 - length))];
            if (symbol == EndOfString) return false;
            to.Append((byte)symbol);
            held <<= length;
            count -= length;
        }
    }
}
