namespace Appliance.Kernel.Mail.Parse;

/// <summary>
/// Cuts a message into its entities (RFC 5322, RFC 2046). Every range lies within that of its parent and each level is walked once, so that time grows with
/// size times depth, and depth, parts and headers are bounded.
/// </summary>
internal sealed class MimeTree
{
    private static readonly HashSet<string> s_messages = ["message/rfc822", "message/rfc2822", "message/global", "message/news"];

    private readonly SortedSet<string> _limits;
    private int _entities;

    private MimeTree(SortedSet<string> limits) => _limits = limits;

    /// <summary>The tree of <paramref name="raw"/>; limits that were met are added to <paramref name="limits"/>.</summary>
    public static MimeNode Of(ReadOnlyMemory<byte> raw, SortedSet<string> limits) => new MimeTree(limits).Entity(raw, 0, raw.Length, isMessage: true, "text/plain", 0);

    private MimeNode Entity(ReadOnlyMemory<byte> source, int start, int end, bool isMessage, string fallback, int depth)
    {
        _entities++;
        var (headers, body) = Headers(source.Span, start, end);
        var stated = headers.FirstOrDefault(h => h.Is("Content-Type"))?.Value;
        var type = ParameterValue.Of(stated ?? "");
        if (HeaderLines.MediaType(type.Value) is null)
            type = type with { Value = fallback };
        var node = new MimeNode(source, isMessage, start, body, end)
        {
            Headers = headers,
            StatedType = HeaderLines.MediaType(stated),
            Type = type,
            Disposition = ParameterValue.Of(headers.FirstOrDefault(h => h.Is("Content-Disposition"))?.Value ?? ""),
        };
        var multipart = type.Value.StartsWith("multipart/", StringComparison.Ordinal) && type.Parameter("boundary") is { Length: > 0 };
        if (!multipart && !s_messages.Contains(type.Value))
            return node;
        if (depth >= ParseLimits.Depth)
        {
            _limits.Add("depth");
            return node;
        }
        if (multipart)
            return node with { IsMultipart = true, Children = Parts(node, type.Parameter("boundary")!, depth) };
        return node with { Children = [Attached(node, depth)] };
    }

    /// <summary>A message within a message. RFC 2046 forbids a transfer encoding here; real mail has it all the same.</summary>
    private MimeNode Attached(MimeNode node, int depth)
    {
        var plain = TransferCoding.IsPlain(node.Header("Content-Transfer-Encoding"));
        var source = plain ? node.Source : node.Content();
        return Entity(source, plain ? node.BodyStart : 0, plain ? node.End : source.Length, isMessage: true, "text/plain", depth + 1);
    }

    private List<MimeNode> Parts(MimeNode node, string boundary, int depth)
    {
        var parts = new List<MimeNode>();
        var delimiter = System.Text.Encoding.Latin1.GetBytes("--" + boundary.TrimEnd(' '));
        var bytes = node.Source.Span;
        var fallback = node.Type.Value == "multipart/digest" ? "message/rfc822" : "text/plain";
        var partStart = -1;
        for (var line = node.BodyStart; line < node.End;)
        {
            var next = NextLine(bytes, line, node.End);
            var kind = Delimiter(bytes[line..next], delimiter);
            if (kind == Boundary.None)
            {
                line = next;
                continue;
            }
            if (partStart >= 0)
            {
                if (_entities >= ParseLimits.Parts)
                {
                    _limits.Add("parts");
                    return parts;
                }
                parts.Add(Entity(node.Source, partStart, BeforeLineEnd(bytes, partStart, line), isMessage: false, fallback, depth + 1));
            }
            if (kind == Boundary.Closing)
                return parts;
            partStart = line = next;
        }
        // Cut off before its closing delimiter: what is there is kept.
        if (partStart >= 0 && partStart < node.End && _entities < ParseLimits.Parts)
            parts.Add(Entity(node.Source, partStart, node.End, isMessage: false, fallback, depth + 1));
        return parts;
    }

    private static Boundary Delimiter(ReadOnlySpan<byte> line, ReadOnlySpan<byte> delimiter)
    {
        if (!line.StartsWith(delimiter))
            return Boundary.None;
        var rest = line[delimiter.Length..];
        if (rest.StartsWith("--"u8))
            return Boundary.Closing;
        // What follows a blank is ignored; anything else is another, longer boundary.
        return rest.IsEmpty || rest[0] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' ? Boundary.Next : Boundary.None;
    }

    /// <summary>Headers up to the empty line, and where the content begins. A line that is no header is passed over, as is its folded continuation.</summary>
    private (IReadOnlyList<HeaderLine> Headers, int Body) Headers(ReadOnlySpan<byte> bytes, int start, int end)
    {
        var headers = new List<HeaderLine>();
        var line = start;
        while (line < end)
        {
            var next = NextLine(bytes, line, end);
            if (IsEmpty(bytes[line..next]))
                return (headers, next);
            var stop = next;
            while (stop < end && bytes[stop] is (byte)' ' or (byte)'\t')
                stop = NextLine(bytes, stop, end);
            if (HeaderLine.Read(bytes[line..stop]) is { } header)
            {
                if (headers.Count < ParseLimits.Headers)
                    headers.Add(header);
                else
                    _limits.Add("headers");
            }
            line = stop;
        }
        return (headers, end);
    }

    private static int NextLine(ReadOnlySpan<byte> bytes, int from, int end) => bytes[from..end].IndexOf((byte)'\n') is >= 0 and var length ? from + length + 1 : end;

    private static bool IsEmpty(ReadOnlySpan<byte> line) => line is [(byte)'\n'] or [(byte)'\r', (byte)'\n'] or [(byte)'\r'];

    /// <summary>The line end before a delimiter belongs to the delimiter (RFC 2046, 5.1.1).</summary>
    private static int BeforeLineEnd(ReadOnlySpan<byte> bytes, int start, int line)
    {
        var end = line;
        if (end > start && bytes[end - 1] == '\n')
            end--;
        if (end > start && bytes[end - 1] == '\r')
            end--;
        return end;
    }

    private enum Boundary
    {
        None,
        Next,
        Closing,
    }
}
