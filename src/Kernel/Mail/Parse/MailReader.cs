using System.Security.Cryptography;
using System.Text;
using Appliance.Contracts;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Reads one message into <see cref="ParsedMail"/>, header values with GMime. One instance a message; runs only in the parser's process.</summary>
internal sealed unsafe class MailReader(ReadOnlyMemory<byte> raw, bool full)
{
    private readonly List<ParsedPart> _parts = [];
    private readonly List<ParsedAttachment> _attachments = [];
    private readonly SortedSet<string> _limits = [];
    private readonly StringBuilder _plain = new();
    private readonly StringBuilder _html = new();
    private readonly StringBuilder _own = new();
    private readonly ReportParts _report = new();
    private readonly AbuseReading _abuse = new();
    private readonly ProtectedParts _protected = new();

    /// <summary>What could be read; text of any kind is a message without headers.</summary>
    public ParsedMail Read()
    {
        var root = MimeTree.Of(WithLineFeeds(raw), _limits);
        var tree = Node(root, "", 0);
        if (root.Headers.Count == 0 && raw.Length > 0)
        {
            _limits.Add("no-header");
            _plain.Clear();
            Append(_plain, Charsets.Decode(WithoutCarriageReturns(root.Source.ToArray()), null));
        }
        return Describe(root.Headers, tree);
    }

    /// <summary>Files of old systems end their lines with a carriage return alone.</summary>
    internal static ReadOnlyMemory<byte> WithLineFeeds(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Span.Contains((byte)'\n') || !bytes.Span.Contains((byte)'\r'))
            return bytes;
        var copy = bytes.ToArray();
        copy.AsSpan().Replace((byte)'\r', (byte)'\n');
        return copy;
    }

    private ParsedMail Describe(IReadOnlyList<HeaderLine> headers, ParsedNode tree)
    {
        var html = _html.Length > 0 ? HtmlText.Of(_html.ToString()) : "";
        var (text, from) = _plain.ToString().Trim().Length > 0 ? (_plain.ToString(), "plain") : html.Length > 0 ? (html, "html") : ("", "none");
        var subject = Decoded(headers, "Subject");
        var references = HeaderLines.MessageIds(First(headers, "In-Reply-To")).Concat(HeaderLines.MessageIds(First(headers, "References")).Reverse());
        var own = _own.ToString();
        var senders = Addresses(headers, "From");
        var first = senders is [var sender, ..] ? sender.Address : "";
        var abuse = _abuse.Result(headers, first, Decoded(headers, "Subject"), Feedback(MailKind.Of(headers, _report, own), own));
        var abuseText = abuse is null ? "" : string.Join('\n', abuse.Fields.Values.SelectMany(v => v).Take(500));
        var kind = MailKind.Of(headers, _report, own);
        return new ParsedMail
        {
            Kind = kind,
            Subject = subject,
            From = senders,
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
            Observables = [.. ObservableText.Find($"{subject}\n{text}\n{(from == "plain" ? html : "")}\n{abuseText}").Where(f => f.From != FoundObservable.FileName).Select(f => new Observable(f.Type, f.Value)).Distinct().Take(ParseLimits.Observables)],
            Bounced = kind == "bounce" ? BounceRecipients.Of(headers, _report, own) : [],
            OriginalMessageId = _report.OriginalMessageId ?? (kind == "bounce" ? BounceRecipients.ReturnedMessageId(own) : null),
            FeedbackReport = Feedback(kind, own),
            Abuse = abuse,
            Protected = _protected.Found,
            Limits = [.. _limits],
            Parts = _parts,
            Tree = tree,
        };
    }

    /// <summary>The fields of a report (RFC 5965); of a complaint in another form, at least its type.</summary>
    private IReadOnlyDictionary<string, IReadOnlyList<string>>? Feedback(string kind, string text) =>
        _report.Feedback is { } feedback ? DeliveryStatus.Fields(feedback)
        : kind != "complaint" ? null
        : new Dictionary<string, IReadOnlyList<string>> { ["Feedback-Type"] = [ServiceNotice.Kind(text) == "Complaint" ? ServiceNotice.ComplaintType(text) : _report.HasOriginal ? "abuse" : "opt-out"] };

    private ParsedNode Node(MimeNode node, string id, int depth, bool within = false)
    {
        var shown = new ParsedNode { Kind = node.IsMessage ? "message" : "body-part", ContentType = node.StatedType, Headers = Shown(node.Headers) };
        var partId = id.Length == 0 ? "0" : id;
        if (node.IsMultipart)
        {
            _protected.Container(node, partId);
            // A boundary that never comes: all of it is text, as mail programs show it.
            if (node.Children.Count == 0 && Charsets.Decode(WithoutCarriageReturns(node.Body.ToArray()), null) is { Length: > 0 } text)
            {
                Append(_plain, text);
                if (!within)
                    Append(_own, text);
            }
            _parts.Add(Part(node, id.Length > 0 && depth > 0 ? id + ".0" : partId));
            return shown with { Multipart = true, Children = [.. node.Children.Select((child, i) => Node(child, Below(id, i + 1), depth + 1, within))] };
        }
        if (node.Children is [var attached])
        {
            _parts.Add(Part(node, partId));
            _report.Original(attached.Headers);
            return shown with { Children = [Node(attached, Below(id, 1), depth + 1, within: true)] };
        }
        var content = node.Content();
        Leaf(node, partId, content, within);
        return shown with { Body = node.Type.Value.StartsWith("text/", StringComparison.Ordinal) ? Body("text", WithoutCarriageReturns(content)) : Body("binary", content) };
    }

    private void Leaf(MimeNode node, string partId, byte[] content, bool within)
    {
        var described = Part(node, partId) with { Size = content.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)) };
        var type = node.Type.Value;
        // A container that names no boundary: all of it is text, as mail programs show it.
        if (type.StartsWith("multipart/", StringComparison.Ordinal))
            type = "text/plain";
        var attached = described.Disposition == "attachment" || described.FileName is not null;
        string? text = null;
        if (type.StartsWith("text/", StringComparison.Ordinal) || full && _report.Wants(type))
            text = Charsets.Decode(content, described.Charset);
        _report.Take(type, content);
        _protected.Leaf(type, described.FileName, attached, partId, content);
        _parts.Add(full && text is not null ? described with { Content = text } : described);
        if (!attached && text is not null && (type is "text/plain" or "text/html"))
        {
            Append(type == "text/plain" ? _plain : _html, text);
            if (!within)
                Append(_own, type == "text/plain" ? text : HtmlText.Of(text));
        }
        else if (content.Length > 0 || attached)
            Attach(partId, FileNames.Safe(described.FileName, type), type, content, described.Sha256!);
    }

    private void Attach(string partId, string name, string type, byte[] content, string sha256)
    {
        var attachment = new ParsedAttachment(partId, name, type, content.Length, sha256);
        _abuse.Take(name, type, content);
        if (ZipMembers.IsZip(content))
        {
            var (members, refused) = ZipMembers.Read(content, (member, bytes) => _abuse.Take(member, "", bytes));
            attachment = attachment with { Members = members, Refused = refused };
        }
        _attachments.Add(attachment);
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

    private static ParsedPart Part(MimeNode node, string partId)
    {
        var name = node.Disposition.Parameter("filename") ?? node.Type.Parameter("name");
        return new(
            partId,
            node.StatedType,
            node.Type.Parameter("charset") is { } charset ? Charsets.Clean(charset) : null,
            node.Disposition.Value is { Length: > 0 } disposition ? disposition : null,
            string.IsNullOrWhiteSpace(name) ? null : Charsets.Clean(name),
            node.Header("Content-ID").Trim('<', '>', ' ') is { Length: > 0 } id ? id : null,
            node.IsMultipart || node.Children.Count > 0,
            0,
            null);
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

    internal static string Below(string id, int index) => id.Length == 0 ? $"{index}" : $"{id}.{index}";

    private static bool Is(nint instance, nuint type) => instance != 0 && GMime.IsA(instance, type) != 0;

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
