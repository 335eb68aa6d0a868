using System.Runtime.CompilerServices;

namespace Appliance.Sensing.Engine.Memory;

/// <summary>Searching and comparing bytes without regard to ASCII case; bytes above 127 compare as they are.</summary>
internal static class Bytes
{
    private static readonly byte[] LowerTable = MakeLower();

    private static byte[] MakeLower()
    {
        var table = new byte[256];
        for (int i = 0; i < 256; i++) table[i] = (byte)(i is >= 'A' and <= 'Z' ? i | 0x20 : i);
        return table;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte Lower(byte b) => LowerTable[b];

    /// <summary>The same bytes in lower case; the very array when they are so already.</summary>
    public static byte[] LowerOf(byte[] bytes)
    {
        if (!bytes.AsSpan().ContainsAnyInRange((byte)'A', (byte)'Z')) return bytes;
        var lower = new byte[bytes.Length];
        for (int i = 0; i < lower.Length; i++) lower[i] = LowerTable[bytes[i]];
        return lower;
    }

    public static bool EqualsNoCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> pattern)
    {
        if (text.Length != pattern.Length) return false;
        byte[] table = LowerTable;
        for (int i = 0; i < text.Length; i++)
            if (table[text[i]] != table[pattern[i]]) return false;
        return true;
    }

    public static int IndexOfNoCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> pattern)
    {
        if (pattern.IsEmpty) return 0;
        byte lower = Lower(pattern[0]);
        byte upper = lower is >= (byte)'a' and <= (byte)'z' ? (byte)(lower & 0xdf) : lower;
        int at = 0;
        while (at + pattern.Length <= text.Length)
        {
            ReadOnlySpan<byte> rest = text.Slice(at, text.Length - at - pattern.Length + 1);
            int found = lower == upper ? rest.IndexOf(lower) : rest.IndexOfAny(lower, upper);
            if (found < 0) return -1;
            at += found;
            if (EqualsNoCase(text.Slice(at, pattern.Length), pattern)) return at;
            at++;
        }
        return -1;
    }
}
