using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Appliance.Analyzers;

/// <summary>CIRT004: time comes from TimeProvider, so that a test can set it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class AmbientClock : HouseRule
{
    private static readonly DiagnosticDescriptor s_rule = Rule(
        "CIRT004",
        "Time comes from TimeProvider",
        "{0}.{1} is a clock that no test can set: take a TimeProvider and call GetUtcNow()");

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => ImmutableArray.Create(s_rule);

    private protected override void Watch(AnalysisContext context) => context.RegisterOperationAction(Check, OperationKind.PropertyReference);

    private static void Check(OperationAnalysisContext context)
    {
        var property = ((IPropertyReferenceOperation)context.Operation).Property;
        if (property.Name is "Now" or "UtcNow" or "Today"
            && (Is(property.ContainingType, "System.DateTime") || Is(property.ContainingType, "System.DateTimeOffset"))
            && IsOurs(context.Operation.Syntax.SyntaxTree)
            && !IsReviewed(context.Options, context.ContainingSymbol, "cirt_clocks"))
        {
            context.ReportDiagnostic(Diagnostic.Create(s_rule, context.Operation.Syntax.GetLocation(), property.ContainingType.Name, property.Name));
        }
    }
}
