using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>Brings a request target to the form that servers act on, so that rules cannot be passed by spelling.</summary>
internal static class UriText
{
    /// <summary>Path decoded, separators unified and collapsed, dot segments removed; query decoded once. Scheme and authority are left out.</summary>
    public static void Normalize(ReadOnlySpan<byte> target, SlidingBuffer to, bool doublePath, bool doubleQuery)
    {
        target = target.Trim(" \t"u8);
        ReadOnlySpan<byte> rest = target;
        int colon = rest.IsEmpty || rest[0] == '/' ? -1 : rest.IndexOf((byte)':');
        if (colon >= 0)
        {
            // a scheme; an authority follows two slashes, not one and not three
            rest = rest[(colon + 1)..];
            if (rest.Length > 2 && rest[0] == '/' && rest[1] == '/' && rest[2] != '/')
            {
                rest = rest[2..];
                int slash = rest.IndexOfAny("/?#"u8);
                rest = slash < 0 ? default : rest[slash..];
            }
        }
        int fragment = rest.IndexOf((byte)'#');
        ReadOnlySpan<byte> tail = fragment < 0 ? default : rest[fragment..];
        if (fragment >= 0) rest = rest[..fragment];
        int question = rest.IndexOf((byte)'?');
        ReadOnlySpan<byte> path = question < 0 ? rest : rest[..question];
        byte[] scratch = System.Buffers.ArrayPool<byte>.Shared.Rent(path.Length + 1);
        int length = Decode(path, scratch, true);
        if (doublePath) length = Decode(scratch.AsSpan(0, length), scratch, true);
        length = RemoveDots(scratch.AsSpan(0, length));
        to.Append(scratch.AsSpan(0, length));
        System.Buffers.ArrayPool<byte>.Shared.Return(scratch);
        if (question >= 0)
        {
            ReadOnlySpan<byte> query = rest[(question + 1)..];
            scratch = System.Buffers.ArrayPool<byte>.Shared.Rent(query.Length + 1);
            length = Decode(query, scratch, false);
            if (doubleQuery) length = Decode(scratch.AsSpan(0, length), scratch, false);
            to.Append((byte)'?');
            to.Append(scratch.AsSpan(0, length));
            System.Buffers.ArrayPool<byte>.Shared.Return(scratch);
        }
        to.Append(tail);
    }

    private static int Decode(ReadOnlySpan<byte> text, Span<byte> to, bool path)
    {
        int n = 0;
        bool slash = false;
        for (int i = 0; i < text.Length; i++)
        {
            byte c = text[i];
            if (c == '%' && i + 2 < text.Length)
            {
                if (text[i + 1] is (byte)'u' or (byte)'U' && i + 5 < text.Length && Hex(text[i + 2]) >= 0 && Hex(text[i + 3]) >= 0 && Hex(text[i + 4]) >= 0 && Hex(text[i + 5]) >= 0)
                {
                    int high = Hex(text[i + 2]) << 4 | Hex(text[i + 3]), low = Hex(text[i + 4]) << 4 | Hex(text[i + 5]);
                    c = high == 0 ? (byte)low : high == 0xff && low < 0x5f ? (byte)(low + 0x20) : (byte)'?';
                    i += 5;
                }
                else if (Hex(text[i + 1]) >= 0 && Hex(text[i + 2]) >= 0)
                {
                    c = (byte)(Hex(text[i + 1]) << 4 | Hex(text[i + 2]));
                    i += 2;
                }
            }
            else if (c == '+' && !path)
            {
                c = (byte)' ';
            }
            if (path)
            {
                if (c == '\\') c = (byte)'/';
                if (c == '/')
                {
                    if (slash) continue;
                    slash = true;
                }
                else slash = false;
            }
            to[n++] = c;
        }
        return n;
    }

    private static int RemoveDots(Span<byte> path)
    {
        if (path.IndexOf("/."u8) < 0 && !path.StartsWith("."u8)) return path.Length;
        int read = 0, write = 0;
        while (read < path.Length)
        {
            ReadOnlySpan<byte> rest = path[read..];
            if (rest.StartsWith("../"u8)) read += 3;
            else if (rest.StartsWith("./"u8)) read += 2;
            else if (rest.StartsWith("/./"u8)) read += 2;
            else if (rest.SequenceEqual("/."u8))
            {
                path[write++] = (byte)'/';
                read += 2;
            }
            else if (rest.StartsWith("/../"u8) || rest.SequenceEqual("/.."u8))
            {
                bool end = rest.Length == 3;
                while (write > 0 && path[write - 1] != '/') write--;
                if (write > 0) write--;
                read += 3;
                if (end) path[write++] = (byte)'/';
            }
            else if (rest.SequenceEqual("."u8) || rest.SequenceEqual(".."u8)) read = path.Length;
            else
            {
                do path[write++] = path[read++];
                while (read < path.Length && path[read] != '/');
            }
        }
        return write;
    }

    internal static int Hex(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => c - '0',
        >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
        _ => -1,
    };
}
