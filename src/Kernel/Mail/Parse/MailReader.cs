using System.Security.Cryptography;
using System.Text;
using Appliance.Contracts;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Reads one message with GMime into <see cref="ParsedMail"/>. One instance a message; runs only in the parser's process.</summary>
internal sealed unsafe class MailReader(ReadOnlyMemory<byte> raw, bool full)
{
    private readonly List<ParsedPart> _parts = [];
    private readonly List<ParsedAttachment> _attachments = [];
    private readonly SortedSet<string> _limits = [];
    private readonly StringBuilder _plain = new();
    private readonly StringBuilder _html = new();
    private readonly ReportParts _report = new();

    /// <summary>What could be read. A message without any structure answers an empty <see cref="ParsedMail.Tree"/>.</summary>
    public ParsedMail Read()
    {
        nint stream;
        fixed (byte* bytes = raw.Span)
            stream = GMime.StreamOver(bytes, (nuint)raw.Length);
        var parser = GMime.NewParser(stream);
        GMime.Release(stream);
        var message = GMime.Construct(parser, 0);
        GMime.Release(parser);
        if (message == 0)
            return WithoutHeader();
        var headers = Headers(message, GMime.RootOf(message));
        var tree = Message(message, "", 0);
        var parsed = Describe(headers, tree);
        GMime.Release(message);
        return parsed;
    }

    /// <summary>Bytes in which no header can be seen: all of it is text.</summary>
    private ParsedMail WithoutHeader()
    {
        var content = WithoutCarriageReturns(raw.ToArray());
        var text = Charsets.Decode(content, null);
        var tree = new ParsedNode { Kind = "message", Body = Body("text", content) };
        return new ParsedMail { Text = text.Length > ParseLimits.Text ? text[..ParseLimits.Text] : text, TextFrom = "plain", Tree = tree, Limits = ["no-header"] };
    }

    private ParsedMail Describe(IReadOnlyList<HeaderLine> headers, ParsedNode tree)
    {
        var html = _html.Length > 0 ? HtmlText.Of(_html.ToString()) : "";
        var (text, from) = _plain.ToString().Trim().Length > 0 ? (_plain.ToString(), "plain") : html.Length > 0 ? (html, "html") : ("", "none");
        var subject = Decoded(headers, "Subject");
        var references = HeaderLines.MessageIds(First(headers, "In-Reply-To")).Concat(HeaderLines.MessageIds(First(headers, "References")).Reverse());
        return new ParsedMail
        {
            Kind = MailKind.Of(headers, _report),
            Subject = subject,
            From = Addresses(headers, "From"),
            ReplyTo = Addresses(headers, "Reply-To"),
            To = Addresses(headers, "To"),
            Cc = Addresses(headers, "Cc"),
            Date = Date(headers),
            MessageId = HeaderLines.MessageIds(First(headers, "Message-ID")).FirstOrDefault(),
            References = [.. references.Distinct(StringComparer.Ordinal).Take(100)],
            Text = text,
            TextFrom = from,
            Attachments = _attachments,
            // Links of the HTML part count even where a plain part is shown.
            Observables = [.. ObservableText.Find($"{subject}\n{text}\n{(from == "plain" ? html : "")}").Select(f => new Observable(f.Type, f.Value)).Distinct().Take(ParseLimits.Observables)],
            Bounced = DeliveryStatus.Recipients(_report, headers),
            OriginalMessageId = _report.OriginalMessageId,
            FeedbackReport = _report.Feedback is { } feedback ? DeliveryStatus.Fields(feedback) : null,
            Limits = [.. _limits],
            Parts = _parts,
            Tree = tree,
        };
    }

    private ParsedNode Message(nint message, string id, int depth)
    {
        var root = GMime.RootOf(message);
        return root == 0
            ? new ParsedNode { Kind = "message", Headers = Shown(Headers(message, 0)) }
            : Node(root, Headers(message, root), "message", id, depth);
    }

    private ParsedNode Node(nint part, IReadOnlyList<HeaderLine> headers, string kind, string id, int depth)
    {
        var stated = headers.FirstOrDefault(h => h.Is("Content-Type"))?.Value;
        var node = new ParsedNode { Kind = kind, ContentType = HeaderLines.MediaType(stated), Headers = Shown(headers) };
        var partId = id.Length == 0 ? "0" : id;
        if (_parts.Count >= ParseLimits.Parts)
        {
            _limits.Add("parts");
            return node;
        }
        if (depth >= ParseLimits.Depth)
        {
            _limits.Add("depth");
            return node;
        }
        if (Is(part, GMime.MultipartType()))
        {
            _parts.Add(Part(part, node, id.Length > 0 && depth > 0 ? id + ".0" : partId, hasChildren: true));
            return node with { Multipart = true, Children = Children(part, id, depth) };
        }
        if (Is(part, GMime.MessagePartType()) && GMime.AttachedMessage(part) is not 0 and var attached)
        {
            _parts.Add(Part(part, node, partId, hasChildren: true));
            _report.Original(Headers(attached, GMime.RootOf(attached)));
            return node with { Children = [Message(attached, Below(id, 1), depth + 1)] };
        }
        var content = Content(part);
        Leaf(part, node, partId, content, depth);
        var isText = stated is null || IsText(node.ContentType, part);
        return node with { Body = isText ? Body("text", WithoutCarriageReturns(content)) : Body("binary", content) };
    }

    private List<ParsedNode> Children(nint multipart, string id, int depth)
    {
        var children = new List<ParsedNode>();
        var count = GMime.ChildCount(multipart);
        for (var i = 0; i < count; i++)
        {
            if (_parts.Count >= ParseLimits.Parts)
            {
                _limits.Add("parts");
                break;
            }
            var child = GMime.ChildAt(multipart, i);
            children.Add(Node(child, Headers(child, 0), "body-part", Below(id, i + 1), depth + 1));
        }
        return children;
    }

    private void Leaf(nint part, ParsedNode node, string partId, byte[] content, int depth)
    {
        var described = Part(part, node, partId, hasChildren: false) with { Size = content.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)) };
        var type = node.ContentType ?? (GMime.ContentTypeOf(part) is not 0 and var ct ? $"{GMime.Text(GMime.MediaType(ct))}/{GMime.Text(GMime.MediaSubtype(ct))}".ToLowerInvariant() : "text/plain");
        var attached = described.Disposition == "attachment" || described.FileName is not null;
        string? text = null;
        if (type.StartsWith("text/", StringComparison.Ordinal) || full && _report.Wants(type))
            text = Charsets.Decode(content, described.Charset);
        _report.Take(type, content);
        _parts.Add(full && text is not null ? described with { Content = text } : described);
        if (text is not null && !attached && type is "text/plain" or "text/html" && !attached)
            Append(type == "text/plain" ? _plain : _html, text!);
        else if (content.Length > 0 || attached)
            _attachments.Add(new(partId, FileNames.Safe(described.FileName, type), type, content.Length, described.Sha256!));
    }

    private void Append(StringBuilder target, string text)
    {
        var room = ParseLimits.Text - target.Length;
        if (text.Length > room)
            _limits.Add("text");
        if (room <= 0)
            return;
        if (target.Length > 0)
            target.Append('\n');
        target.Append(text.AsSpan(0, Math.Min(room, text.Length)));
    }

    private static ParsedPart Part(nint part, ParsedNode node, string partId, bool hasChildren)
    {
        var disposition = GMime.Text(GMime.DispositionOf(part))?.ToLowerInvariant();
        var isLeaf = Is(part, GMime.PartType());
        return new(
            partId,
            node.ContentType,
            GMime.Text(GMime.TypeParameter(part, "charset")) is { } charset ? Charsets.Clean(charset) : null,
            disposition,
            isLeaf && GMime.Text(GMime.FileNameOf(part)) is { } name ? Charsets.Clean(name) : null,
            GMime.Text(GMime.ContentIdOf(part)),
            hasChildren,
            0,
            null);
    }

    private static byte[] Content(nint part)
    {
        if (!Is(part, GMime.PartType()) || GMime.ContentOf(part) is not (not 0 and var wrapper))
            return [];
        var stream = GMime.NewStream();
        GMime.WriteDecoded(wrapper, stream);
        var bytes = GMime.BytesOf(stream);
        var content = bytes is null || bytes->Data is null ? [] : new ReadOnlySpan<byte>(bytes->Data, checked((int)bytes->Length)).ToArray();
        GMime.Release(stream);
        return content;
    }

    /// <summary>All headers in the order of the message: GMime keeps those that begin with Content- at the part below.</summary>
    private List<HeaderLine> Headers(nint owner, nint alsoOf)
    {
        var lines = new List<HeaderLine>();
        foreach (var list in (ReadOnlySpan<nint>)[owner == 0 ? 0 : GMime.HeadersOf(owner), alsoOf == 0 || alsoOf == owner ? 0 : GMime.HeadersOf(alsoOf)])
        {
            var count = list == 0 ? 0 : GMime.HeaderCount(list);
            if (count > ParseLimits.Headers)
            {
                _limits.Add("headers");
                count = ParseLimits.Headers;
            }
            for (var i = 0; i < count; i++)
            {
                var header = GMime.HeaderAt(list, i);
                lines.Add(HeaderLine.Of(header));
            }
        }
        return [.. lines.OrderBy(l => l.Offset)];
    }

    private static List<IReadOnlyList<string>> Shown(IReadOnlyList<HeaderLine> headers) =>
        [.. headers.Select(h => (IReadOnlyList<string>)(h.Decoded == h.Value || !h.Value.Contains("=?", StringComparison.Ordinal) ? [h.Name, h.Value] : [h.Name, h.Value, h.Decoded]))];

    private List<ParsedAddress> Addresses(IReadOnlyList<HeaderLine> headers, string name)
    {
        var found = new List<ParsedAddress>();
        foreach (var header in headers.Where(h => h.Is(name)))
        {
            var text = Encoding.Latin1.GetBytes(header.Value + "\0");
            nint list;
            fixed (byte* first = text)
                list = GMime.ParseAddresses(0, first);
            if (list == 0)
                continue;
            Collect(list, found, 0);
            GMime.Release(list);
        }
        return found;
    }

    private void Collect(nint list, List<ParsedAddress> found, int depth)
    {
        for (var i = 0; i < GMime.AddressCount(list); i++)
        {
            if (found.Count >= ParseLimits.Addresses)
            {
                _limits.Add("addresses");
                return;
            }
            var address = GMime.AddressAt(list, i);
            if (Is(address, GMime.MailboxType()))
                found.Add(new(Charsets.Clean(GMime.Text(GMime.AddressName(address)) ?? ""), Charsets.Clean(GMime.Text(GMime.MailboxAddress(address)) ?? "")));
            else if (depth < 3 && Is(address, GMime.GroupType()) && GMime.GroupMembers(address) is not 0 and var members)
                Collect(members, found, depth + 1);
        }
    }

    private static DateTimeOffset? Date(IReadOnlyList<HeaderLine> headers)
    {
        var text = Encoding.Latin1.GetBytes(First(headers, "Date") + "\0");
        nint date;
        fixed (byte* first = text)
            date = text.Length > 1 ? GMime.DecodeDate(first) : 0;
        if (date == 0)
            return null;
        var seconds = GMime.UnixTime(date);
        GMime.ReleaseDate(date);
        return seconds is > -62135596800 and < 253402300800 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
    }

    private static string First(IReadOnlyList<HeaderLine> headers, string name) => headers.FirstOrDefault(h => h.Is(name))?.Value ?? "";

    private static string Decoded(IReadOnlyList<HeaderLine> headers, string name) => headers.FirstOrDefault(h => h.Is(name))?.Decoded ?? "";

    private static string Below(string id, int index) => id.Length == 0 ? $"{index}" : $"{id}.{index}";

    private static bool Is(nint instance, nuint type) => instance != 0 && GMime.IsA(instance, type) != 0;

    private static bool IsText(string? stated, nint part) =>
        stated is not null ? stated.StartsWith("text/", StringComparison.Ordinal)
        : GMime.ContentTypeOf(part) is 0 || GMime.Text(GMime.MediaType(GMime.ContentTypeOf(part))) is null or "text";

    private static ParsedBody Body(string kind, byte[] content) => new(kind, content.Length, Convert.ToHexStringLower(SHA256.HashData(content)));

    private static byte[] WithoutCarriageReturns(byte[] content)
    {
        if (!content.AsSpan().Contains((byte)'\r'))
            return content;
        var kept = new List<byte>(content.Length);
        for (var i = 0; i < content.Length; i++)
            if (content[i] != '\r' || i + 1 >= content.Length || content[i + 1] != '\n')
                kept.Add(content[i]);
        return [.. kept];
    }
}
