using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Appliance.Analyzers;

/// <summary>CIRT002: endpoints are declared with their permission and mapped in one place.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class RawEndpoint : HouseRule
{
    private static readonly DiagnosticDescriptor s_rule = Rule(
        "CIRT002",
        "An endpoint is declared in Describe",
        "{0} maps an endpoint past the permission check: declare it with builder.Endpoint(method, path, permission, handler) in the module's Describe");

    private static readonly ImmutableHashSet<string> s_maps = ImmutableHashSet.Create(
        "Map", "MapGet", "MapPost", "MapPut", "MapDelete", "MapPatch", "MapMethods", "MapFallback", "MapHub", "MapConnections", "MapConnectionHandler", "MapControllers");

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => ImmutableArray.Create(s_rule);

    private protected override void Watch(AnalysisContext context) => context.RegisterOperationAction(Check, OperationKind.Invocation);

    private static void Check(OperationAnalysisContext context)
    {
        var called = ((IInvocationOperation)context.Operation).TargetMethod;
        var method = called.ReducedFrom ?? called;
        if (s_maps.Contains(method.Name)
            && method.IsExtensionMethod
            && Is(method.Parameters[0].Type, "Microsoft.AspNetCore.Routing.IEndpointRouteBuilder")
            && IsOurs(context.Operation.Syntax.SyntaxTree)
            && !IsReviewed(context.Options, context.ContainingSymbol, "cirt_endpoint_mappers"))
        {
            context.ReportDiagnostic(Diagnostic.Create(s_rule, context.Operation.Syntax.GetLocation(), method.Name));
        }
    }
}
