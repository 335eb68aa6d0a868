using System.Text;
using System.Xml;

namespace Appliance.Watch.Syndication;

/// <summary>An element of a feed, read without DTD, resolver or entity expansion, to a fixed depth and size.</summary>
internal sealed class FeedNode(string name, string space, FeedNode? parent)
{
    private readonly StringBuilder _own = new();

    public string Name { get; } = name;

    public string Space { get; } = space;

    public FeedNode? Parent { get; } = parent;

    public List<FeedNode> Children { get; } = [];

    public Dictionary<string, string> Attributes { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Text directly inside.</summary>
    public string Text => _own.ToString();

    /// <summary>All text inside with the inner markup written out, for content that was not escaped.</summary>
    public string Markup
    {
        get
        {
            var written = new StringBuilder();
            WriteInner(written);
            return written.ToString();
        }
    }

    /// <summary>Text before and after children in document order: children hold their place.</summary>
    private readonly List<object> _parts = [];

    public string? Attribute(string key) => Attributes.GetValueOrDefault(key);

    public FeedNode? Child(params ReadOnlySpan<string> names)
    {
        foreach (var wanted in names)
        {
            var (prefix, local) = wanted.Contains(':') ? (wanted[..wanted.IndexOf(':')], wanted[(wanted.IndexOf(':') + 1)..]) : ("", wanted);
            foreach (var child in Children)
                if (string.Equals(child.Name, local, StringComparison.OrdinalIgnoreCase) && (prefix.Length == 0 ? child.Space == Space || Spaces.IsCore(child.Space) : Spaces.Is(child.Space, prefix)))
                    return child;
        }
        return null;
    }

    /// <summary>Reads the document; what is broken ends the reading, and what came before stays.</summary>
    public static (FeedNode? Root, string? Damage) Read(string xml)
    {
        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersInDocument = FeedLimits.MaxBytes * 2L,
            MaxCharactersFromEntities = 1024,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            ConformanceLevel = ConformanceLevel.Fragment,
            CheckCharacters = false,
        };
        var (root, at, nodes) = ((FeedNode?)null, (FeedNode?)null, 0);
        try
        {
            using var reader = XmlReader.Create(new StringReader(xml), settings, Spaces.Context());
            while (reader.Read())
            {
                switch (reader.NodeType)
                {
                    case XmlNodeType.Element:
                        if (root is not null && at is null)
                            return (root, null);
                        if (++nodes > FeedLimits.MaxNodes || reader.Depth > FeedLimits.MaxDepth)
                            return (root, $"more than {FeedLimits.MaxNodes} elements or deeper than {FeedLimits.MaxDepth}");
                        var node = new FeedNode(reader.LocalName, reader.NamespaceURI, at);
                        var empty = reader.IsEmptyElement;
                        while (reader.MoveToNextAttribute())
                            node.Attributes.TryAdd(reader.Name, reader.Value);
                        at?.Children.Add(node);
                        at?._parts.Add(node);
                        root ??= node;
                        if (!empty)
                            at = node;
                        break;
                    case XmlNodeType.EndElement:
                        at = at?.Parent;
                        break;
                    case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace when at is not null:
                        at._own.Append(reader.Value);
                        at._parts.Add(reader.Value);
                        break;
                }
            }
            return (root, null);
        }
        catch (XmlException fault)
        {
            return (root, $"line {fault.LineNumber}: {fault.Message}");
        }
    }

    private void WriteInner(StringBuilder written)
    {
        // Depth is bounded by the reader, so recursion is too.
        foreach (var part in _parts)
        {
            if (part is string text)
            {
                written.Append(text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal));
                continue;
            }
            var child = (FeedNode)part;
            written.Append('<').Append(child.Name).Append('>');
            child.WriteInner(written);
            written.Append("</").Append(child.Name).Append('>');
        }
    }

    /// <summary>Namespaces by the prefix people know them under; feeds that forget to declare one are read all the same.</summary>
    internal static class Spaces
    {
        private static readonly (string Prefix, string Uri)[] s_known =
        [
            ("dc", "http://purl.org/dc/elements/1.1/"),
            ("dcterms", "http://purl.org/dc/terms/"),
            ("content", "http://purl.org/rss/1.0/modules/content/"),
            ("atom", "http://www.w3.org/2005/Atom"),
            ("atom10", "http://www.w3.org/2005/Atom"),
            ("atom03", "http://purl.org/atom/ns#"),
            ("media", "http://search.yahoo.com/mrss/"),
            ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
            ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
            ("xhtml", "http://www.w3.org/1999/xhtml"),
            ("slash", "http://purl.org/rss/1.0/modules/slash/"),
            ("sy", "http://purl.org/rss/1.0/modules/syndication/"),
            ("wfw", "http://wellformedweb.org/CommentAPI/"),
            ("feedburner", "http://rssnamespace.org/feedburner/ext/1.0"),
            ("georss", "http://www.georss.org/georss"),
            ("xlink", "http://www.w3.org/1999/xlink"),
        ];

        private static readonly string[] s_core =
            ["http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#", "http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/", "http://backend.userland.com/rss2", "http://purl.org/net/rss1.1#", "http://www.w3.org/1999/xhtml"];

        public static XmlParserContext Context()
        {
            var names = new XmlNamespaceManager(new NameTable());
            foreach (var (prefix, uri) in s_known)
                names.AddNamespace(prefix, uri);
            return new XmlParserContext(names.NameTable, names, null, XmlSpace.None);
        }

        /// <summary>True when <paramref name="uri"/> is the namespace of <paramref name="prefix"/>.</summary>
        public static bool Is(string uri, string prefix) =>
            Array.Exists(s_known, k => k.Prefix == prefix && Same(k.Uri, uri)) || (prefix == "atom" && Same("http://purl.org/atom/ns#", uri));

        /// <summary>True for no namespace and for those of the feed formats themselves: a module's element of the same name means something else.</summary>
        public static bool IsCore(string uri) => uri.Length == 0 || Array.Exists(s_core, c => Same(c, uri));

        private static bool Same(string known, string uri) =>
            string.Equals(known.TrimEnd('/'), uri.Trim().TrimEnd('/'), StringComparison.OrdinalIgnoreCase);
    }
}
