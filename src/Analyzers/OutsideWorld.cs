using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Appliance.Analyzers;

/// <summary>CIRT006 and CIRT007: the network is reached through one client, and programs are started without a shell.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class OutsideWorld : HouseRule
{
    private const string StartInfo = "System.Diagnostics.ProcessStartInfo";

    private static readonly DiagnosticDescriptor s_client = Rule(
        "CIRT006",
        "One outgoing HTTP client",
        "A client of its own goes past the address policy, the proxy and the limits: take the one from Kernel/Http");

    private static readonly DiagnosticDescriptor s_shell = Rule(
        "CIRT007",
        "Programs are started without a shell",
        "{0}: give the arguments as a list, so that no value can become a second argument or a command");

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => ImmutableArray.Create(s_client, s_shell);

    private protected override void Watch(AnalysisContext context) =>
        context.RegisterOperationAction(Check, OperationKind.ObjectCreation, OperationKind.SimpleAssignment, OperationKind.Invocation);

    private static void Check(OperationAnalysisContext context)
    {
        if (!IsOurs(context.Operation.Syntax.SyntaxTree))
        {
            return;
        }

        switch (context.Operation)
        {
            case IObjectCreationOperation made when Is(made.Type, "System.Net.Http.HttpClient") && !IsReviewed(context.Options, context.ContainingSymbol, "cirt_http_clients"):
                Report(context, s_client);
                break;
            case IObjectCreationOperation made when Is(made.Type, StartInfo) && TakesOneString(made.Constructor):
                Report(context, s_shell, "arguments in one string");
                break;
            case IInvocationOperation { TargetMethod: { Name: "Start" } start } when Is(start.ContainingType, "System.Diagnostics.Process") && TakesOneString(start):
                Report(context, s_shell, "arguments in one string");
                break;
            case ISimpleAssignmentOperation { Target: IPropertyReferenceOperation set } assigned when Is(set.Property.ContainingType, StartInfo):
                if (set.Property.Name == "Arguments")
                {
                    Report(context, s_shell, "arguments in one string");
                }
                else if (set.Property.Name == "UseShellExecute" && assigned.Value.ConstantValue is not { HasValue: true, Value: false })
                {
                    Report(context, s_shell, "started through a shell");
                }

                break;
        }
    }

    private static bool TakesOneString(IMethodSymbol? method) =>
        method is not null && method.Parameters.Any(parameter => parameter.Name == "arguments" && parameter.Type.SpecialType == SpecialType.System_String);

    private static void Report(OperationAnalysisContext context, DiagnosticDescriptor rule, params object[] words) =>
        context.ReportDiagnostic(Diagnostic.Create(rule, context.Operation.Syntax.GetLocation(), words));
}
