using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Appliance.Sensing.Engine.AppLayer.Tls;

/// <summary>What rules and records want of an X.509 certificate, read from its DER with every length checked.</summary>
internal sealed class Certificate
{
    public string? Subject, Issuer, Serial, NotBefore, NotAfter;
    public string Fingerprint = "";

    private ref struct Der(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public readonly bool IsEmpty => _rest.IsEmpty;

        public bool Next(out byte tag, out ReadOnlySpan<byte> value)
        {
            tag = 0;
            value = default;
            if (_rest.Length < 2) return false;
            tag = _rest[0];
            int length = _rest[1], head = 2;
            if (length >= 0x80)
            {
                int count = length & 0x7f;
                if (count is 0 or > 4 || _rest.Length < 2 + count) return false;
                length = 0;
                for (int i = 0; i < count; i++) length = length << 8 | _rest[2 + i];
                head += count;
            }
            if (length < 0 || _rest.Length - head < length) return false;
            value = _rest.Slice(head, length);
            _rest = _rest[(head + length)..];
            return true;
        }
    }

    /// <summary>Null when the outer structure is broken; a broken inner field leaves itself and what follows empty.</summary>
    public static Certificate? Read(ReadOnlySpan<byte> der)
    {
        var outer = new Der(der);
        if (!outer.Next(out byte tag, out ReadOnlySpan<byte> certificate) || tag != 0x30) return null;
        var parts = new Der(certificate);
        if (!parts.Next(out tag, out ReadOnlySpan<byte> body) || tag != 0x30) return null;
        var found = new Certificate();
        Span<byte> digest = stackalloc byte[20];
        SHA1.HashData(der, digest);
        found.Fingerprint = Colons(digest, false);
        var fields = new Der(body);
        if (!fields.Next(out tag, out ReadOnlySpan<byte> value)) return found;
        if (tag == 0xa0 && !fields.Next(out tag, out value)) return found;
        if (tag != 2) return found;
        found.Serial = Colons(value, true);
        if (!fields.Next(out _, out _)) return found;
        if (!fields.Next(out _, out value)) return found;
        found.Issuer = Name(value);
        if (!fields.Next(out _, out value)) return found;
        var times = new Der(value);
        if (times.Next(out tag, out ReadOnlySpan<byte> time)) found.NotBefore = Time(tag, time);
        if (times.Next(out tag, out time)) found.NotAfter = Time(tag, time);
        if (fields.Next(out _, out value)) found.Subject = Name(value);
        return found;
    }

    public static string Colons(ReadOnlySpan<byte> bytes, bool upper)
    {
        var text = new StringBuilder(bytes.Length * 3);
        foreach (byte b in bytes)
        {
            if (text.Length > 0) text.Append(':');
            text.Append(b.ToString(upper ? "X2" : "x2", CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }

    private static string? Time(byte tag, ReadOnlySpan<byte> value)
    {
        string text = Encoding.ASCII.GetString(value);
        bool general = tag == 0x18;
        string format = general ? "yyyyMMddHHmmss" : "yyMMddHHmmss";
        if (text.Length < format.Length) return null;
        if (!general) text = (string.CompareOrdinal(text, 0, "50", 0, 2) >= 0 ? "19" : "20") + text;
        return DateTime.TryParseExact(text[..14], "yyyyMMddHHmmss", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time)
            ? time.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture) : null;
    }

    private static string Name(ReadOnlySpan<byte> der)
    {
        var text = new StringBuilder();
        var sets = new Der(der);
        while (sets.Next(out _, out ReadOnlySpan<byte> set))
        {
            var pairs = new Der(set);
            while (pairs.Next(out _, out ReadOnlySpan<byte> pair))
            {
                var parts = new Der(pair);
                if (!parts.Next(out byte tag, out ReadOnlySpan<byte> oid) || tag != 6 || !parts.Next(out byte kind, out ReadOnlySpan<byte> value)) continue;
                if (text.Length > 0) text.Append(", ");
                text.Append(Attribute(oid)).Append('=');
                text.Append(kind == 0x1e ? Encoding.BigEndianUnicode.GetString(value) : kind == 0x0c ? Encoding.UTF8.GetString(value) : Encoding.Latin1.GetString(value));
            }
        }
        return text.ToString();
    }

    private static string Attribute(ReadOnlySpan<byte> oid)
    {
        if (oid.Length == 3 && oid[0] == 0x55 && oid[1] == 4)
            return oid[2] switch { 3 => "CN", 4 => "SN", 5 => "serialNumber", 6 => "C", 7 => "L", 8 => "ST", 9 => "streetAddress", 10 => "O", 11 => "OU", 12 => "title", 13 => "description", 15 => "businessCategory", 17 => "postalCode", 41 => "name", 42 => "GN", 43 => "initials", 46 => "dnQualifier", _ => "unknown" };
        if (oid.SequenceEqual((ReadOnlySpan<byte>)[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1])) return "Email";
        if (oid.SequenceEqual((ReadOnlySpan<byte>)[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25])) return "DC";
        if (oid.SequenceEqual((ReadOnlySpan<byte>)[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1])) return "UID";
        // jurisdiction of incorporation (CA/Browser Forum, EV guidelines section 9.2.4)
        if (oid.Length == 11 && oid[..10].SequenceEqual((ReadOnlySpan<byte>)[0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x3c, 2, 1]))
            return oid[10] switch { 1 => "msJurisdictionLocality", 2 => "msJurisdictionStateOrProvince", 3 => "msJurisdictionCountry", _ => "unknown" };
        return "unknown";
    }
}
