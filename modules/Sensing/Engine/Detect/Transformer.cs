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

    private static int Run(Transform transform, ReadOnlySpan<byte> from, Span<byte> to)
    {
        int n = 0;
        switch (transform.Kind)
        {
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
            default:
                from.CopyTo(to);
                return from.Length;
        }
    }

    private static bool IsSpace(byte b) => b is (byte)' ' or >= 9 and <= 13;
}
