using System.Buffers.Binary;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Dnp3;

/// <summary>An object header of a fragment (IEEE 1815 section 4.2.2.7), and where in the fragment its points lie.</summary>
internal struct Dnp3Object
{
    public byte Group, Variation, Qualifier;
    public uint Start, Stop, Count;
    public int DataAt;
    public int PointsRead;

    public readonly int PrefixCode => Qualifier >> 4 & 7;
    public readonly int RangeCode => Qualifier & 15;

    private static uint Number(ref Wire wire, int code) => code switch { 0 => wire.U8(), 1 => wire.U16(), _ => wire.U32() };

    /// <summary>Reads the header; false when it is cut short or its range makes no sense.</summary>
    public static bool TryRead(ref Wire wire, out Dnp3Object header)
    {
        header = new Dnp3Object { Group = wire.U8(), Variation = wire.U8(), Qualifier = wire.U8() };
        if (wire.Bad) return false;
        switch (header.RangeCode)
        {
            case <= 5:
                header.Start = Number(ref wire, header.RangeCode % 3);
                header.Stop = Number(ref wire, header.RangeCode % 3);
                header.Count = unchecked(header.Stop - header.Start + 1);
                break;
            case 6: break;
            case >= 7 and <= 9: header.Count = Number(ref wire, header.RangeCode - 7); break;
            case 11: header.Count = wire.U8(); break;
            default: return false;
        }
        header.DataAt = wire.At;
        if (wire.Bad) header.Start = header.Stop = header.Count = 0;
        return !wire.Bad;
    }

    /// <summary>
    /// Goes through the points and, with a writer, writes them. <paramref name="limit"/> bounds how many are read and is lowered by those that were. False when the bytes do not hold what
    /// the header promises; the points before that are good.
    /// </summary>
    public bool Walk(ref Wire wire, Dnp3Shape shape, ref int limit, EveWriter? to)
    {
        if (shape.Packed) return WalkPacked(ref wire, shape, ref limit, to);
        for (uint i = 0; i < Count; i++)
        {
            if (to != null && i >= (uint)PointsRead) return true;
            if (limit-- <= 0) return false;
            uint prefix = Prefix(ref wire);
            if (wire.Bad) return false;
            if (to != null) Begin(to, prefix, i);
            bool good = Point(ref wire, shape, PrefixCode is > 3 and < 7, (int)Math.Min(prefix, int.MaxValue), to);
            to?.Close();
            if (!good) return false;
            if (to == null) PointsRead++;
        }
        return !wire.Bad;
    }

    /// <summary>Points of one or two bits. As the reference reads them: an octet for each eight that are begun, also for those of two bits, and one more when eight are full.</summary>
    private bool WalkPacked(ref Wire wire, Dnp3Shape shape, ref int limit, EveWriter? to)
    {
        int width = shape.Fields[0].Bits;
        uint done = 0;
        for (uint octets = Count / 8 + 1; octets > 0; octets--)
        {
            if (to != null && done >= (uint)PointsRead) return true;
            uint prefix = Prefix(ref wire);
            int octet = wire.U8();
            if (wire.Bad) return false;
            for (int bit = 0; bit < 8 && done < Count; bit += width, done++)
            {
                if (limit-- <= 0) return false;
                if (to == null)
                {
                    PointsRead++;
                    continue;
                }
                Begin(to, prefix, done);
                to.Number(shape.Fields[0].Name, octet >> bit & (1 << width) - 1);
                to.Close();
            }
        }
        return true;
    }

    private readonly uint Prefix(ref Wire wire) => PrefixCode is > 0 and < 7 ? Number(ref wire, (PrefixCode - 1) % 3) : 0;

    private readonly void Begin(EveWriter to, uint prefix, uint place)
    {
        to.OpenItem();
        to.Number("prefix"u8, prefix);
        to.Number("index"u8, PrefixCode is > 0 and <= 3 ? prefix : unchecked(Start + place));
        if (PrefixCode is > 3 and < 7) to.Number("size"u8, prefix);
    }

    private static bool Point(ref Wire wire, Dnp3Shape shape, bool sized, int size, EveWriter? to)
    {
        Span<int> numbers = stackalloc int[24];
        int begin = wire.At, bit = 0;
        for (int f = 0; f < shape.Fields.Length; f++)
        {
            Dnp3Field field = shape.Fields[f];
            if (field.Kind >= Dnp3Kind.Text)
            {
                int length = field.Bits > 0 ? field.Bits / 8 : field.LengthIn >= 0 ? numbers[field.LengthIn] : size - (wire.At - begin);
                if (length < 0 || !sized && field.FillsObject && !field.NeedsNoSize) return false;
                ReadOnlySpan<byte> bytes = wire.Take(length);
                if (wire.Bad) return false;
                if (to != null) Write(to, field, bytes);
            }
            else if (field.Bits < 8)
            {
                if (wire.Left < 1) return false;
                int value = wire.Rest[0] >> bit & (1 << field.Bits) - 1;
                bit += field.Bits;
                if (bit == 8)
                {
                    bit = 0;
                    wire.Skip(1);
                }
                to?.Number(field.Name, value);
            }
            else
            {
                ReadOnlySpan<byte> bytes = wire.Take(field.Bits / 8);
                if (wire.Bad) return false;
                if (field.Bits <= 16) numbers[f] = bytes.Length == 1 ? bytes[0] : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
                if (to != null) Write(to, field, bytes);
            }
        }
        return true;
    }

    private static void Write(EveWriter to, Dnp3Field field, ReadOnlySpan<byte> bytes)
    {
        switch (field.Kind)
        {
            case Dnp3Kind.Text: to.Text(field.Name, bytes); break;
            case Dnp3Kind.ZeroEndedText:
                int end = bytes.IndexOf((byte)0);
                to.Text(field.Name, end < 0 ? bytes : bytes[..end]);
                break;
            case Dnp3Kind.Base64:
                if (!bytes.IsEmpty) to.Base64(field.Name, bytes);
                break;
            case Dnp3Kind.Float:
                to.Real(field.Name, bytes.Length == 4 ? BinaryPrimitives.ReadSingleLittleEndian(bytes) : BinaryPrimitives.ReadDoubleLittleEndian(bytes));
                break;
            case Dnp3Kind.Signed:
                // a negative number is shown as the unsigned one of 64 bits
                to.Unsigned(field.Name, (ulong)(bytes.Length == 2 ? BinaryPrimitives.ReadInt16LittleEndian(bytes) : (long)BinaryPrimitives.ReadInt32LittleEndian(bytes)));
                break;
            default:
                long value = 0;
                for (int i = bytes.Length - 1; i >= 0; i--) value = value << 8 | bytes[i];
                to.Number(field.Name, value);
                break;
        }
    }
}
