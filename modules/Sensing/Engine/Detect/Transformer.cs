using System.Security.Cryptography;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect;

/// <summary>Applies a buffer's transforms into memory that is used again.</summary>
internal sealed class Transformer
{
    private byte[] _one = new byte[1024];
    private byte[] _two = new byte[1024];

    public ReadOnlySpan<byte> Apply(List<Transform> transforms, ReadOnlySpan<byte> bytes)
    {
        foreach (Transform transform in transforms)
        {
            (_one, _two) = (_two, _one);
            if (_one.Length < bytes.Length + 80) _one = new byte[(bytes.Length + 80) * 2];
            int length = Run(transform, bytes, _one);
            bytes = _one.AsSpan(0, length);
        }
        return bytes;
    }

    private readonly IntPtr _pcreData = Keywords.Pcre2.NewMatchData();
    private readonly IntPtr _pcreContext = Keywords.Pcre2.NewContext();

    private int Run(Transform transform, ReadOnlySpan<byte> from, Span<byte> to)
    {
        int n = 0;
        switch (transform.Kind)
        {
            case TransformKind.Regex:
                // the first group's bytes take the buffer's place; without a match it stays as it is
                if (Keywords.Pcre2.Find(transform.Code, from, 0, _pcreData, _pcreContext, out _) < 0 || !Keywords.Pcre2.TryGroup(_pcreData, 1, out int start, out int end)) break;
                from[start..end].CopyTo(to);
                return end - start;
            case TransformKind.DotPrefix:
                to[0] = (byte)'.';
                from.CopyTo(to[1..]);
                return from.Length + 1;
            case TransformKind.StripWhitespace:
                foreach (byte b in from)
                    if (!IsSpace(b)) to[n++] = b;
                return n;
            case TransformKind.CompressWhitespace:
                bool space = false;
                foreach (byte b in from)
                {
                    if (IsSpace(b) && space) continue;
                    space = IsSpace(b);
                    to[n++] = b;
                }
                return n;
            case TransformKind.ToLower:
                foreach (byte b in from) to[n++] = Bytes.Lower(b);
                return n;
            case TransformKind.ToUpper:
                foreach (byte b in from) to[n++] = b is >= (byte)'a' and <= (byte)'z' ? (byte)(b & 0xdf) : b;
                return n;
            case TransformKind.ToMd5: return MD5.HashData(from, to);
            case TransformKind.ToSha1: return SHA1.HashData(from, to);
            case TransformKind.ToSha256: return SHA256.HashData(from, to);
            case TransformKind.UrlDecode:
                for (int i = 0; i < from.Length; i++)
                {
                    if (from[i] == '%' && i + 2 < from.Length && UriText.Hex(from[i + 1]) >= 0 && UriText.Hex(from[i + 2]) >= 0)
                    {
                        to[n++] = (byte)(UriText.Hex(from[i + 1]) << 4 | UriText.Hex(from[i + 2]));
                        i += 2;
                    }
                    else to[n++] = from[i] == '+' ? (byte)' ' : from[i];
                }
                return n;
            case TransformKind.Xor:
            {
                byte[] key = Convert.FromHexString(transform.Argument);
                for (int i = 0; i < from.Length; i++) to[i] = (byte)(from[i] ^ key[i % key.Length]);
                return from.Length;
            }
            case TransformKind.HeaderLowercase:
            {
                bool name = true;
                foreach (byte b in from)
                {
                    to[n++] = name ? Bytes.Lower(b) : b;
                    if (b == ':') name = false;
                    else if (b == '\n') name = true;
                }
                return n;
            }
            case TransformKind.StripPseudoHeaders:
                return StripPseudo(from, to);
        }
        from.CopyTo(to);
        return from.Length;
    }

    /// <summary>Lines that begin with a colon are HTTP/2's own, not headers (RFC 9113, 8.3).</summary>
    private static int StripPseudo(ReadOnlySpan<byte> from, Span<byte> to)
    {
        int n = 0;
        while (!from.IsEmpty)
        {
            int end = from.IndexOf((byte)'\n') + 1;
            if (end == 0) end = from.Length;
            if (from[0] != (byte)':')
            {
                from[..end].CopyTo(to[n..]);
                n += end;
            }
            from = from[end..];
        }
        return n;
    }

    private static bool IsSpace(byte b) => b is (byte)' ' or >= 9 and <= 13;
}
