using System.Buffers.Binary;
using System.Globalization;

namespace Appliance.Sensing.Engine.AppLayer.Smb;

/// <summary>Who logs on, as far as the wire shows it: NTLMSSP's third message (MS-NLMP section 2.2.1.3) or a Kerberos ticket (RFC 4120 section 5.3).</summary>
internal sealed class SmbAuthentication
{
    public bool Ntlm;
    public byte[] Domain = [], User = [], Host = [];
    public string? Version;
    public byte[]? Realm;
    public readonly List<byte[]> Names = new(0);

    /// <summary>Finds the token inside its wrapping (SPNEGO, RFC 4178); null when there is nothing that names anyone.</summary>
    public static SmbAuthentication? Read(ReadOnlySpan<byte> blob)
    {
        int at = blob.IndexOf("NTLMSSP\0"u8);
        if (at >= 0) return ReadNtlm(blob[at..]);
        at = blob.IndexOf((ReadOnlySpan<byte>)[0x01, 0x00, 0x6e]);
        return at < 0 ? null : ReadTicket(blob[(at + 2)..]);
    }

    private static SmbAuthentication? ReadNtlm(ReadOnlySpan<byte> m)
    {
        if (m.Length < 64 || BinaryPrimitives.ReadUInt32LittleEndian(m[8..]) != 3) return null;
        var found = new SmbAuthentication { Ntlm = true, Domain = Field(m, 28), User = Field(m, 36), Host = Field(m, 44) };
        if ((BinaryPrimitives.ReadUInt32LittleEndian(m[60..]) & 0x02000000) != 0 && m.Length >= 72)
            found.Version = string.Create(CultureInfo.InvariantCulture, $"{m[64]}.{m[65]} build {BinaryPrimitives.ReadUInt16LittleEndian(m[66..])} rev {m[71]}");
        return found;
    }

    private static byte[] Field(ReadOnlySpan<byte> m, int at)
    {
        int length = BinaryPrimitives.ReadUInt16LittleEndian(m[at..]);
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(m[(at + 4)..]);
        return offset > m.Length || length > m.Length - (int)offset ? [] : Plain(m.Slice((int)offset, length));
    }

    /// <summary>UTF-16 text without its zero bytes, as the reference writes it.</summary>
    public static byte[] Plain(ReadOnlySpan<byte> text)
    {
        var plain = new byte[text.Length];
        int n = 0;
        foreach (byte b in text)
            if (b != 0) plain[n++] = b;
        return plain[..n];
    }

    private static SmbAuthentication? ReadTicket(ReadOnlySpan<byte> bytes)
    {
        var at = new Ber(bytes);
        if (!at.Next(0x6e)) return null;
        Ber outer = at.Inside;
        if (!outer.Next(0x30)) return null;
        Ber fields = outer.Inside;
        while (fields.Next())
        {
            if (fields.Tag != 0xa3) continue;
            Ber wrapped = fields.Inside;
            if (!wrapped.Next(0x61)) return null;
            Ber sequence = wrapped.Inside;
            if (!sequence.Next(0x30)) return null;
            Ber ticket = sequence.Inside;
            var found = new SmbAuthentication();
            while (ticket.Next())
            {
                Ber inside = ticket.Inside;
                if (ticket.Tag == 0xa1 && inside.Next()) found.Realm = inside.Value.ToArray();
                if (ticket.Tag != 0xa2 || !inside.Next(0x30)) continue;
                Ber name = inside.Inside;
                if (!name.Next(0xa0) || !name.Next(0xa1)) continue;
                Ber list = name.Inside;
                if (!list.Next(0x30)) continue;
                Ber parts = list.Inside;
                while (found.Names.Count < 16 && parts.Next()) found.Names.Add(parts.Value.ToArray());
            }
            return found.Realm == null ? null : found;
        }
        return null;
    }
}
