using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Appliance.Analyzers;

/// <summary>CIRT003: text from outside reaches a page as text. Only constants, which is what Razor writes itself, are markup.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class RawMarkup : HouseRule
{
    private const string Markup = "Microsoft.AspNetCore.Components.MarkupString";

    private static readonly DiagnosticDescriptor s_rule = Rule(
        "CIRT003",
        "Markup is never made of values",
        "This puts a value into the page as markup, so that whoever wrote it writes our page: show it as text, or through the reviewed Markdown component");

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => ImmutableArray.Create(s_rule);

    private protected override void Watch(AnalysisContext context) =>
        context.RegisterOperationAction(Check, OperationKind.ObjectCreation, OperationKind.Conversion, OperationKind.Invocation);

    private static void Check(OperationAnalysisContext context)
    {
        if (MarkupOf(context.Operation) is { ConstantValue.HasValue: false }
            && IsOurs(context.Operation.Syntax.SyntaxTree)
            && !IsReviewed(context.Options, context.ContainingSymbol, "cirt_raw_markup"))
        {
            context.ReportDiagnostic(Diagnostic.Create(s_rule, context.Operation.Syntax.GetLocation()));
        }
    }

    /// <summary>The value that becomes markup here, if any does.</summary>
    private static IOperation? MarkupOf(IOperation operation) => operation switch
    {
        IObjectCreationOperation { Arguments.Length: > 0 } made when Is(made.Type, Markup) => made.Arguments[0].Value,
        IConversionOperation { OperatorMethod: not null } cast when Is(cast.Type, Markup) => cast.Operand,
        IInvocationOperation { TargetMethod.Name: "AddMarkupContent" } added => added.Arguments.LastOrDefault()?.Value,
        _ => null,
    };
}
