using System.Buffers.Binary;
using System.Text;

namespace Appliance.Fuzz;

/// <summary>Changes bytes the way broken and hostile senders do: flipped bits, extreme numbers, wrong lengths, pieces repeated, dropped, swapped, taken from elsewhere.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> words)
{
    private const int MostBytes = 1 << 20;
    private static readonly ulong[] Extremes = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, ulong.MaxValue, long.MaxValue];

    /// <summary>One input made from another; <paramref name="from"/> is where changes may begin.</summary>
    public byte[] Change(byte[] input, byte[] other, int from = 0)
    {
        byte[] bytes = [.. input];
        for (int n = 1 << random.Next(5); n > 0; n--)
        {
            if (bytes.Length <= from) break;
            int at = from + random.Next(bytes.Length - from);
            switch (random.Next(12))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes[at] += (byte)random.Next(-4, 5); break;
                case 3 or 4: Number(bytes, at); break;
                case 5: bytes = Cut(bytes, at, Length(bytes.Length - at)); break;
                case 6: bytes = Insert(bytes, at, bytes.AsSpan(at, Length(bytes.Length - at)).ToArray()); break;
                case 7 when words.Count > 0: bytes = Insert(bytes, at, words[random.Next(words.Count)]); break;
                case 8 when words.Count > 0: Over(bytes, at, words[random.Next(words.Count)]); break;
                case 9 when other.Length > 0:
                    int start = random.Next(other.Length);
                    bytes = Insert(bytes, at, other.AsSpan(start, Length(other.Length - start)).ToArray());
                    break;
                case 10: bytes = Insert(bytes, at, Repeated()); break;
                default: bytes = random.Next(8) == 0 ? bytes[..at] : Over(bytes, at, Encoding.ASCII.GetBytes(Extremes[random.Next(Extremes.Length)].ToString(System.Globalization.CultureInfo.InvariantCulture))); break;
            }
            if (bytes.Length > MostBytes) bytes = bytes[..MostBytes];
        }
        return bytes;
    }

    private int Length(int room) => Math.Min(room, 1 << random.Next(10));

    private byte[] Repeated()
    {
        var run = new byte[1 << random.Next(14)];
        Array.Fill(run, (byte)(random.Next(3) switch { 0 => 0, 1 => 'A', _ => random.Next(256) }));
        return run;
    }

    private void Number(byte[] bytes, int at)
    {
        ulong value = Extremes[random.Next(Extremes.Length)];
        Span<byte> eight = stackalloc byte[8];
        if (random.Next(2) == 0) BinaryPrimitives.WriteUInt64LittleEndian(eight, value);
        else BinaryPrimitives.WriteUInt64BigEndian(eight, value);
        int size = 1 << random.Next(4);
        if (BitConverter.IsLittleEndian && eight[7] != 0 && eight[0] == 0) eight = eight[(8 - size)..];
        eight[..Math.Min(Math.Min(size, eight.Length), bytes.Length - at)].CopyTo(bytes.AsSpan(at));
    }

    private static byte[] Cut(byte[] bytes, int at, int length) => [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at + length)];

    private static byte[] Insert(byte[] bytes, int at, byte[] what) => [.. bytes.AsSpan(0, at), .. what, .. bytes.AsSpan(at)];

    private static byte[] Over(byte[] bytes, int at, byte[] what)
    {
        what.AsSpan(0, Math.Min(what.Length, bytes.Length - at)).CopyTo(bytes.AsSpan(at));
        return bytes;
    }
}
