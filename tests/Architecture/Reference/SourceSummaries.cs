using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Appliance.Architecture.Reference;

/// <summary>The summaries of our types and their members as the source states them: what a reference says about a setting is what its author wrote beside it.</summary>
internal sealed class SourceSummaries
{
    private readonly Dictionary<string, string> _said = new(StringComparer.Ordinal);

    /// <summary>Reads the C# files of the rooms that ship.</summary>
    public SourceSummaries()
    {
        foreach (var file in Product.Files(".cs").Where(f => f.StartsWith("src/", StringComparison.Ordinal) || f.StartsWith("modules/", StringComparison.Ordinal)))
        {
            foreach (var type in CSharpSyntaxTree.ParseText(Product.Read(file)).GetRoot().DescendantNodes().OfType<BaseTypeDeclarationSyntax>())
                Read(type);
        }
    }

    /// <summary>What is said of a type, or of its member; empty when nothing is.</summary>
    public string Of(Type type, string? member = null) => _said.GetValueOrDefault(Key(type.Name, member), "");

    private static string Key(string type, string? member) => member is null ? type : $"{type}.{member}";

    private void Read(BaseTypeDeclarationSyntax type)
    {
        var comment = Comment(type);
        Keep(Key(type.Identifier.Text, null), comment, "summary", null);
        if (type is RecordDeclarationSyntax { ParameterList: { } parameters })
        {
            foreach (var parameter in parameters.Parameters)
                Keep(Key(type.Identifier.Text, parameter.Identifier.Text), comment, "param", parameter.Identifier.Text);
        }

        foreach (var property in type.ChildNodes().OfType<PropertyDeclarationSyntax>())
            Keep(Key(type.Identifier.Text, property.Identifier.Text), Comment(property), "summary", null);
    }

    private static DocumentationCommentTriviaSyntax? Comment(CSharpSyntaxNode node) =>
        node.GetLeadingTrivia().Select(t => t.GetStructure()).OfType<DocumentationCommentTriviaSyntax>().FirstOrDefault();

    private void Keep(string key, DocumentationCommentTriviaSyntax? comment, string element, string? name)
    {
        var found = comment?.Content.OfType<XmlElementSyntax>().FirstOrDefault(e =>
            e.StartTag.Name.ToString() == element
            && (name is null || e.StartTag.Attributes.OfType<XmlNameAttributeSyntax>().Any(a => a.Identifier.ToString() == name)));
        if (found is not null)
            _said.TryAdd(key, string.Join(' ', Words(found.Content).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
    }

    private static string Words(IEnumerable<XmlNodeSyntax> nodes) => string.Concat(nodes.Select(node => node switch
    {
        XmlTextSyntax text => string.Concat(text.TextTokens.Select(t => t.ValueText)),
        XmlElementSyntax { StartTag.Name: var tag } inner when tag.ToString() == "c" => $"`{Words(inner.Content)}`",
        XmlElementSyntax inner => Words(inner.Content),
        XmlEmptyElementSyntax empty => $"`{Reference(empty)}`",
        _ => "",
    }));

    private static string Reference(XmlEmptyElementSyntax empty) =>
        empty.Attributes.Select(a => a switch
        {
            XmlCrefAttributeSyntax cref => cref.Cref.ToString().Split('.')[^1],
            XmlNameAttributeSyntax named => named.Identifier.ToString(),
            XmlTextAttributeSyntax text => string.Concat(text.TextTokens.Select(t => t.ValueText)),
            _ => "",
        }).FirstOrDefault() ?? "";
}
