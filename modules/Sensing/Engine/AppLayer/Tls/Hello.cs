using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Appliance.Sensing.Engine.AppLayer.Tls;

/// <summary>A hello of TLS, of client or server, as TLS and QUIC share it (RFC 8446 section 4.1), with the fingerprints taken from it.</summary>
internal sealed class Hello
{
    private const int MaxExtensions = 128;
    public ushort Version;                                     // of the message, not of its extensions
    public byte[] Sni = [];
    public readonly List<ushort> Ciphers = new(16);
    public readonly List<(ushort Type, byte[] Value)> Extensions = new(16);
    public readonly List<ushort> Groups = new(4), Signatures = new(8), Versions = new(4);
    public readonly List<byte> Formats = new(1);
    public readonly List<byte[]> Alpn = new(2);
    public bool Broken;                                        // a length does not fit; what stood before it has been read
    public string? SniFault;
    public int Names;                                          // extensions that name the server

    public static bool IsGrease(int value) => (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);

    /// <summary>A draft of TLS 1.3 that its hello names where later ones say 1.2. Up to the 21st they have no session.</summary>
    public static bool IsDraft(int version) => version == 0x0304 || version >> 8 == 0x7f;

    /// <summary>Reads the body of a hello; null when its fixed part is not whole. Broken extensions end the list.</summary>
    public static Hello? Read(ReadOnlySpan<byte> body, bool client)
    {
        var wire = new Wire(body);
        var hello = new Hello { Version = wire.U16() };
        wire.Skip(32);
        bool draft = !client && IsDraft(hello.Version);
        if (!draft) wire.Skip(wire.U8());
        if (client)
        {
            var ciphers = new Wire(wire.Take(wire.U16()));
            hello.Broken = (ciphers.Left & 1) != 0;
            while (ciphers.Left >= 2 && hello.Ciphers.Count < 512) hello.Ciphers.Add(ciphers.U16());
            wire.Skip(wire.U8());
        }
        else
        {
            hello.Ciphers.Add(wire.U16());
            if (!draft) wire.Skip(1);
        }
        if (wire.Bad) return null;
        if (wire.Left < 2 || hello.Broken) return hello;
        var extensions = new Wire(wire.Take(wire.U16()));
        hello.Broken = wire.Bad;
        while (extensions.Left > 0 && !hello.Broken && hello.Extensions.Count < MaxExtensions)
        {
            ushort type = extensions.U16();
            ReadOnlySpan<byte> value = extensions.Take(extensions.U16());
            hello.Broken = extensions.Bad;
            if (extensions.Bad) break;
            hello.Extensions.Add((type, value.ToArray()));
            if (!value.IsEmpty) hello.Broken = !hello.Extension(type, value, client);
        }
        return hello;
    }

    /// <summary>False: a length inside does not fit.</summary>
    private bool Extension(ushort type, ReadOnlySpan<byte> value, bool client)
    {
        var wire = new Wire(value);
        switch (type)
        {
            case 0 when client:
                wire.Skip(2);
                if (wire.U8() != 0)
                {
                    SniFault = "invalid_sni_type";
                    return true;
                }
                Names++;
                ReadOnlySpan<byte> server = wire.Take(wire.U16());
                if (wire.Bad) SniFault = "invalid_sni_length";
                else if (Names == 1) Sni = server.ToArray();
                return true;
            case 10 when client: Numbers(Groups, wire.Take(wire.U16())); break;
            case 11 when client: Formats.AddRange(wire.Take(wire.U8())); break;
            case 13 when client: Numbers(Signatures, wire.Take(wire.U16())); break;
            case 16:
                var names = new Wire(wire.Take(wire.U16()));
                while (names.Left > 0 && Alpn.Count < 16)
                {
                    byte[] name = names.Take(names.U8()).ToArray();
                    if (names.Bad) return false;
                    Alpn.Add(name);
                }
                break;
            case 43:
                if (client) Numbers(Versions, wire.Take(wire.U8()));
                else Versions.Add(wire.U16());
                break;
            default: break;
        }
        return !wire.Bad;
    }

    private static void Numbers(List<ushort> into, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 2 && into.Count < 256; bytes = bytes[2..]) into.Add(BinaryPrimitives.ReadUInt16BigEndian(bytes));
    }

    /// <summary>JA3 or JA3S text. QUIC's keeps the reserved values that TLS's leaves out, as the reference does.</summary>
    public string Ja3(bool client, bool keepGrease)
    {
        string Join(IEnumerable<ushort> list) => string.Join('-', list.Where(v => keepGrease || !IsGrease(v)));
        string extensions = Join(Extensions.Select(e => e.Type));
        return client ? string.Create(CultureInfo.InvariantCulture, $"{Version},{Join(Ciphers)},{extensions},{Join(Groups)},{string.Join('-', Formats)}")
            : string.Create(CultureInfo.InvariantCulture, $"{Version},{Ciphers[0]},{extensions}");
    }

    /// <summary>JA4 of a client's hello (FoxIO's technical description of JA4): transport, version, counts and ALPN; then two truncated SHA-256 digests.</summary>
    public string Ja4(bool quic)
    {
        ushort version = Versions.Where(v => !IsGrease(v)).DefaultIfEmpty(Version).Max();
        string name = version switch { 0x0304 => "13", 0x0303 => "12", 0x0302 => "11", 0x0301 => "10", 0x0300 => "s3", 0x0002 => "s2", 0xfeff => "d1", 0xfefd => "d2", 0xfefc => "d3", _ => "00" };
        List<ushort> ciphers = Ciphers.FindAll(c => !IsGrease(c)), kinds = Extensions.Select(e => e.Type).Where(t => !IsGrease(t)).ToList();
        string alpn = "00";
        if (Alpn.Count > 0 && Alpn[0].Length > 0)
        {
            byte first = Alpn[0][0], last = Alpn[0][^1];
            alpn = char.IsAsciiLetterOrDigit((char)first) && char.IsAsciiLetterOrDigit((char)last) ? $"{(char)first}{(char)last}" : $"{first >> 4:x}{last & 15:x}";
        }
        static string Hex(IEnumerable<ushort> list) => string.Join(',', list.Select(v => v.ToString("x4", CultureInfo.InvariantCulture)));
        static string Digest(string text) => text.Length == 0 ? "000000000000" : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)))[..12];
        string signed = Hex(kinds.Where(k => k is not (0 or 16)).Order());
        if (Signatures.Count > 0) signed += "_" + Hex(Signatures.Where(s => !IsGrease(s)));
        return string.Create(CultureInfo.InvariantCulture,
            $"{(quic ? 'q' : 't')}{name}{(kinds.Contains(0) ? 'd' : 'i')}{Math.Min(ciphers.Count, 99):d2}{Math.Min(kinds.Count, 99):d2}{alpn}_{Digest(Hex(ciphers.Order()))}_{Digest(signed)}");
    }
}
