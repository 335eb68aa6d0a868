using System.Buffers.Binary;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Dns;

internal struct DnsRecord
{
    public int Name, NameLength;     // in the transaction's text
    public bool NameCut;             // the name was longer than is kept
    public ushort Type;
    public ushort Class;
    public uint Ttl;
    public int Data, DataLength;     // in the message
}

[Flags]
internal enum NameFault : byte { None = 0, Cut = 1, Loop = 2 }

/// <summary>Reads names and records of a DNS message; compression loops and lies about length end the reading, not the program.</summary>
internal static class DnsMessage
{
    /// <summary>More than fit into the largest message.</summary>
    public const int MaxRecords = 16_384;

    /// <summary>Names by pointer may make a message much longer than it came: no more than this is read of it.</summary>
    public const int MaxText = 4 << 20;
    private const int MaxName = 1025, MaxJumps = 255;

    /// <summary>Appends the name at <paramref name="at"/> with dots and moves past it; false when it is broken.</summary>
    /// <param name="fault">What was wrong with a name that was read all the same: too long and cut, or led on and on by pointers.</param>
    public static bool ReadName(ReadOnlySpan<byte> message, ref int at, SlidingBuffer to, out NameFault fault)
    {
        int position = at, jumps = 0, start = to.Length;
        bool jumped = false;
        fault = NameFault.None;
        while (true)
        {
            if (position >= message.Length) return false;
            byte length = message[position];
            if (length == 0)
            {
                if (!jumped) at = position + 1;
                return true;
            }
            if ((length & 0xc0) == 0xc0)
            {
                if (position + 1 >= message.Length) return false;
                int target = (length & 0x3f) << 8 | message[position + 1];
                if (!jumped) at = position + 2;
                jumped = true;
                if (++jumps > MaxJumps)
                {
                    fault |= NameFault.Loop;
                    return true;
                }
                position = target;
                continue;
            }
            if ((length & 0xc0) != 0 || position + 1 + length > message.Length) return false;
            if ((fault & NameFault.Cut) == 0)
            {
                if (to.Length > start) to.Append((byte)'.');
                to.Append(message.Slice(position + 1, length));
                if (to.Length - start > MaxName)
                {
                    to.Truncate(start + MaxName);
                    fault |= NameFault.Cut;
                }
            }
            position += 1 + length;
        }
    }

    public static bool ReadName(ReadOnlySpan<byte> message, ref int at, SlidingBuffer to) => ReadName(message, ref at, to, out _);

    /// <summary>Moves past the name at <paramref name="at"/>, or to the end of a message that ends within it; false when a label is of no known kind (RFC 1035 section 4.1.4).</summary>
    public static bool SkipName(ReadOnlySpan<byte> message, ref int at)
    {
        while (at < message.Length)
        {
            byte length = message[at];
            if (length >= 0xc0)
            {
                at += 2;
                return true;
            }
            if (length > 63) return false;
            at += 1 + length;
            if (length == 0) return true;
        }
        at = message.Length;
        return true;
    }

    public static bool ReadQuestion(ReadOnlySpan<byte> message, ref int at, SlidingBuffer text, out DnsRecord record, out NameFault fault)
    {
        record = new DnsRecord { Name = text.Length };
        if (!ReadName(message, ref at, text, out fault) || at + 4 > message.Length) return false;
        record.NameLength = text.Length - record.Name;
        record.NameCut = (fault & NameFault.Cut) != 0;
        record.Type = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
        record.Class = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]);
        at += 4;
        return true;
    }

    public static bool ReadRecord(ReadOnlySpan<byte> message, ref int at, SlidingBuffer text, out DnsRecord record, out NameFault fault)
    {
        record = new DnsRecord { Name = text.Length };
        if (!ReadName(message, ref at, text, out fault) || at + 10 > message.Length) return false;
        record.NameLength = text.Length - record.Name;
        record.NameCut = (fault & NameFault.Cut) != 0;
        record.Type = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
        record.Class = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]);
        record.Ttl = BinaryPrimitives.ReadUInt32BigEndian(message[(at + 4)..]);
        record.DataLength = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]);
        record.Data = at + 10;
        at += 10 + record.DataLength;
        return at <= message.Length;
    }

    public static string TypeName(ushort type) => type switch
    {
        1 => "A",
        2 => "NS",
        3 => "MD",
        4 => "MF",
        5 => "CNAME",
        6 => "SOA",
        7 => "MB",
        8 => "MG",
        9 => "MR",
        10 => "NULL",
        11 => "WKS",
        12 => "PTR",
        13 => "HINFO",
        14 => "MINFO",
        15 => "MX",
        16 => "TXT",
        17 => "RP",
        18 => "AFSDB",
        19 => "X25",
        20 => "ISDN",
        21 => "RT",
        22 => "NSAP",
        23 => "NSAPPTR",
        24 => "SIG",
        25 => "KEY",
        26 => "PX",
        27 => "GPOS",
        28 => "AAAA",
        29 => "LOC",
        30 => "NXT",
        33 => "SRV",
        34 => "ATMA",
        35 => "NAPTR",
        36 => "KX",
        37 => "CERT",
        38 => "A6",
        39 => "DNAME",
        41 => "OPT",
        42 => "APL",
        43 => "DS",
        44 => "SSHFP",
        45 => "IPSECKEY",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        49 => "DHCID",
        50 => "NSEC3",
        51 => "NSEC3PARAM",
        52 => "TLSA",
        55 => "HIP",
        59 => "CDS",
        60 => "CDNSKEY",
        65 => "HTTPS",
        99 => "SPF",
        249 => "TKEY",
        250 => "TSIG",
        252 => "AXFR",
        253 => "MAILB",
        254 => "MAILA",
        255 => "ANY",
        256 => "URI",
        _ => "",
    };

    public static string CodeName(int code) => code switch
    {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        16 => "BADVERS/BADSIG",
        17 => "BADKEY",
        18 => "BADTIME",
        19 => "BADMODE",
        20 => "BADNAME",
        21 => "BADALG",
        22 => "BADTRUNC",
        _ => "",
    };
}
