using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Appliance.Sensing.Intake;

/// <summary>An IP address as a value: key of groups and assets, written to COPY without an allocation.</summary>
internal readonly record struct Address(byte Family, ulong High, ulong Low)
{
    private const byte V4 = 2;
    private const byte V6 = 3;

    /// <summary>PostgreSQL's inet knows no "no address": absent is its own value here and null in the row.</summary>
    public bool IsNone => Family == 0;

    public static Address Parse(ReadOnlySpan<byte> text)
    {
        if (TryV4(text, out var v4))
            return new(V4, 0, v4);
        return IPAddress.TryParse(text, out var address) ? From(address) : default;
    }

    public static Address From(IPAddress? address)
    {
        if (address is null)
            return default;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4
            ? new(V4, 0, BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : new(V6, BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }

    public IPAddress? ToIPAddress()
    {
        if (IsNone)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        return new IPAddress(bytes[..Write(bytes)]);
    }

    /// <summary>The address bytes, network order; answers how many.</summary>
    public int Write(Span<byte> bytes)
    {
        if (Family == V4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)Low);
            return 4;
        }
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
        return 16;
    }

    /// <summary>True for the private and unique local networks, whoever they belong to.</summary>
    public bool IsPrivate => Family == V4
        ? Low >> 24 == 10 || Low >> 20 == 0xAC1 || Low >> 16 == 0xC0A8
        : Family == V6 && High >> 57 == 0xFC >> 1;

    /// <summary>True when the address lies in <paramref name="network"/>.</summary>
    public bool IsIn(IPNetwork network) => !IsNone
        && network.BaseAddress.AddressFamily == (Family == V4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6)
        && network.Contains(ToIPAddress()!);

    public override string ToString() => ToIPAddress()?.ToString() ?? "";

    private static bool TryV4(ReadOnlySpan<byte> text, out uint value)
    {
        value = 0;
        if (text.Length is < 7 or > 15)
            return false;
        uint octet = 0;
        int digits = 0, dots = 0;
        foreach (var c in text)
        {
            if (c == '.')
            {
                if (digits == 0 || ++dots > 3)
                    return false;
                (value, octet, digits) = ((value << 8) | octet, 0, 0);
                continue;
            }
            if (c is < (byte)'0' or > (byte)'9' || ++digits > 3)
                return false;
            octet = (octet * 10) + (uint)(c - '0');
            if (octet > 255)
                return false;
        }
        value = (value << 8) | octet;
        return dots == 3 && digits > 0;
    }
}
