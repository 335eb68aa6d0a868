using System.Buffers.Binary;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>The pipe between host and parser: four bytes of length, most significant first, then as many bytes. The first byte of a request names its kind.</summary>
internal static class Frames
{
    /// <summary>A message in, <see cref="ParsedMail"/> out.</summary>
    public const byte Mail = (byte)'m';

    /// <summary>UTF-8 text in, observables out.</summary>
    public const byte Observables = (byte)'o';

    /// <summary>JSON in, <see cref="AbuseReport"/> out: valid X-ARF, or what is wrong with it.</summary>
    public const byte Xarf = (byte)'x';

    /// <summary>One byte of length, the id of a part, a message in; a one and the part's bytes out, or nothing where there is no such part.</summary>
    public const byte Part = (byte)'p';

    /// <summary>One byte of length, a password, an archive in; <see cref="ParsedArchive"/> out.</summary>
    public const byte Archive = (byte)'z';

    /// <summary>Nothing in, an empty object out: the process is warm.</summary>
    public const byte Ready = (byte)'r';

    /// <summary>A document with a short word before it: at most 255 bytes of UTF-8, their number first.</summary>
    public static byte[] With(string word, ReadOnlySpan<byte> document)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(word);
        return [(byte)bytes.Length, .. bytes.AsSpan(0, (byte)bytes.Length), .. document];
    }

    /// <summary>Takes the two apart again.</summary>
    public static (string Word, ReadOnlyMemory<byte> Document) Split(ReadOnlyMemory<byte> given) =>
        given.Length > 0 && given.Span[0] < given.Length
            ? (System.Text.Encoding.UTF8.GetString(given.Span.Slice(1, given.Span[0])), given[(1 + given.Span[0])..])
            : ("", ReadOnlyMemory<byte>.Empty);

    /// <summary>The next frame, or null at the end of the stream. Throws when it is longer than <paramref name="limit"/> or cut off.</summary>
    public static async ValueTask<byte[]?> ReadAsync(Stream stream, int limit, CancellationToken cancel)
    {
        var head = new byte[4];
        var read = await stream.ReadAtLeastAsync(head, 4, throwOnEndOfStream: false, cancel);
        if (read == 0)
            return null;
        if (read < 4)
            throw new EndOfStreamException("the frame's length is cut off");
        var length = BinaryPrimitives.ReadInt32BigEndian(head);
        if (length < 0 || length > limit)
            throw new InvalidDataException($"a frame of {length} bytes is above the limit of {limit}");
        var frame = new byte[length];
        await stream.ReadExactlyAsync(frame, cancel);
        return frame;
    }

    /// <summary>Writes one frame: <paramref name="kind"/> when given, then <paramref name="content"/>.</summary>
    public static async ValueTask WriteAsync(Stream stream, byte? kind, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        var head = new byte[kind is null ? 4 : 5];
        BinaryPrimitives.WriteInt32BigEndian(head, content.Length + (kind is null ? 0 : 1));
        if (kind is { } k)
            head[4] = k;
        await stream.WriteAsync(head, cancel);
        await stream.WriteAsync(content, cancel);
        await stream.FlushAsync(cancel);
    }
}
