using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Appliance.Analyzers;

/// <summary>CIRT001: a page that can be reached by an address says who may see it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class PageWithoutPermission : HouseRule
{
    private static readonly DiagnosticDescriptor s_rule = Rule(
        "CIRT001",
        "A page declares its permission",
        "The page {0} does not say who may see it: add @attribute [Permission(\"module.noun.verb\")], or [PublicPage(\"reason\")] with the reason why no log-in is needed");

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => ImmutableArray.Create(s_rule);

    private protected override void Watch(AnalysisContext context) => context.RegisterSymbolAction(Check, SymbolKind.NamedType);

    private static void Check(SymbolAnalysisContext context)
    {
        var attributes = context.Symbol.GetAttributes();
        if (attributes.Any(one => Is(one.AttributeClass, "Microsoft.AspNetCore.Components.RouteAttribute")) && !attributes.Any(SaysWho))
        {
            context.ReportDiagnostic(Diagnostic.Create(s_rule, context.Symbol.Locations.FirstOrDefault(), context.Symbol.Name));
        }
    }

    private static bool SaysWho(AttributeData attribute) =>
        (Is(attribute.AttributeClass, "Appliance.Contracts.PermissionAttribute") || Is(attribute.AttributeClass, "Appliance.Contracts.PublicPageAttribute"))
        && attribute.ConstructorArguments.FirstOrDefault().Value is string said
        && said.Trim().Length > 0;
}
