using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Appliance.Analyzers;

/// <summary>CIRT008: a regular expression has a bound, since what it reads may have been written to hold it up.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UnboundedPattern : HouseRule
{
    private const int NonBacktracking = 1024;

    private static readonly DiagnosticDescriptor s_rule = Rule(
        "CIRT008",
        "A regular expression has a bound",
        "This pattern can be made to run for hours: add RegexOptions.NonBacktracking, or a time-out");

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => ImmutableArray.Create(s_rule);

    private protected override void Watch(AnalysisContext context)
    {
        context.RegisterOperationAction(CheckUse, OperationKind.ObjectCreation, OperationKind.Invocation);
        context.RegisterSymbolAction(CheckGenerated, SymbolKind.Method, SymbolKind.Property);
    }

    private static void CheckUse(OperationAnalysisContext context)
    {
        var (method, arguments) = context.Operation switch
        {
            IObjectCreationOperation made => (made.Constructor, made.Arguments),
            IInvocationOperation { TargetMethod.IsStatic: true } call => (call.TargetMethod, call.Arguments),
            _ => (null, ImmutableArray<IArgumentOperation>.Empty),
        };
        if (method is not null
            && Is(method.ContainingType, "System.Text.RegularExpressions.Regex")
            && method.Parameters.Any(parameter => parameter.Name == "pattern")
            && !arguments.Any(argument => argument.Parameter?.Name == "matchTimeout" || IsBounded(argument.Value.ConstantValue.Value))
            && IsOurs(context.Operation.Syntax.SyntaxTree))
        {
            context.ReportDiagnostic(Diagnostic.Create(s_rule, context.Operation.Syntax.GetLocation()));
        }
    }

    private static void CheckGenerated(SymbolAnalysisContext context)
    {
        // The half that the generator writes carries the attribute too.
        if (context.Symbol is IMethodSymbol { PartialDefinitionPart: not null } or IPropertySymbol { PartialDefinitionPart: not null })
        {
            return;
        }

        var attribute = context.Symbol.GetAttributes().FirstOrDefault(one => Is(one.AttributeClass, "System.Text.RegularExpressions.GeneratedRegexAttribute"));
        var parameters = attribute?.AttributeConstructor?.Parameters;
        if (attribute is not null
            && parameters?.Any(parameter => parameter.Name == "matchTimeoutMilliseconds") == false
            && !attribute.ConstructorArguments.Any(argument => IsBounded(argument.Value)))
        {
            context.ReportDiagnostic(Diagnostic.Create(s_rule, context.Symbol.Locations.FirstOrDefault(place => IsOurs(place.SourceTree)) ?? context.Symbol.Locations[0]));
        }
    }

    private static bool IsBounded(object? options) => options is int number && (number & NonBacktracking) != 0;
}
