using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Renderers;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Appliance.Ui;

/// <summary>Markdown to HTML without raw HTML, images or links to anything but http, https, mailto and pages of the appliance.</summary>
public static class SafeMarkdown
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().UseEmphasisExtras().Build();

    /// <summary>The HTML of <paramref name="markdown"/>. Never throws for any text.</summary>
    public static string ToHtml(string markdown)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        foreach (var link in document.Descendants<LinkInline>().ToList())
        {
            if (link.IsImage || !IsAllowed(link.GetDynamicUrl?.Invoke() ?? link.Url))
                Unlink(link);
        }

        foreach (var link in document.Descendants<AutolinkInline>().ToList())
        {
            if (!link.IsEmail && !IsAllowed(link.Url))
                link.ReplaceBy(new LiteralInline(link.Url));
        }

        // A table's alignment and widths would be style attributes, which the content policy forbids.
        foreach (var column in document.Descendants<Table>().SelectMany(t => t.ColumnDefinitions))
            (column.Alignment, column.Width) = (null, 0);

        using var writer = new StringWriter();
        var renderer = new HtmlRenderer(writer);
        Pipeline.Setup(renderer);
        renderer.Render(document);
        return writer.ToString();
    }

    private static bool IsAllowed(string? url)
    {
        if (string.IsNullOrEmpty(url) || url.Any(char.IsControl))
            return false;
        if (url[0] == '#')
            return true;
        if (url[0] == '/')
            return LocalPath.OrHome(url) == url;
        return Uri.TryCreate(url, UriKind.Absolute, out var absolute) && (absolute.Scheme is "http" or "https" or "mailto");
    }

    private static void Unlink(LinkInline link)
    {
        var text = string.Concat(link.Descendants<LiteralInline>().Select(l => l.Content.ToString()));
        link.ReplaceBy(new LiteralInline(text.Length > 0 ? $"{text} ({link.Url})" : link.Url ?? ""), copyChildren: false);
    }
}
