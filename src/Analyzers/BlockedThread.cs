using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Appliance.Analyzers;

/// <summary>CIRT005: nothing waits by holding a thread. The pool has few, and a circuit that blocks one starves the others.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class BlockedThread : HouseRule
{
    private static readonly DiagnosticDescriptor s_rule = Rule(
        "CIRT005",
        "Nothing blocks a thread",
        "{0}.{1} holds a thread while it waits: await instead");

    private static readonly ImmutableHashSet<string> s_tasks = ImmutableHashSet.Create(
        "System.Threading.Tasks.Task", "System.Threading.Tasks.Task<TResult>", "System.Threading.Tasks.ValueTask<TResult>");

    private static readonly ImmutableHashSet<string> s_awaiters = ImmutableHashSet.Create(
        "System.Runtime.CompilerServices.TaskAwaiter",
        "System.Runtime.CompilerServices.TaskAwaiter<TResult>",
        "System.Runtime.CompilerServices.ValueTaskAwaiter",
        "System.Runtime.CompilerServices.ValueTaskAwaiter<TResult>",
        "System.Runtime.CompilerServices.ConfiguredTaskAwaitable.ConfiguredTaskAwaiter",
        "System.Runtime.CompilerServices.ConfiguredTaskAwaitable<TResult>.ConfiguredTaskAwaiter");

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => ImmutableArray.Create(s_rule);

    private protected override void Watch(AnalysisContext context) =>
        context.RegisterOperationAction(Check, OperationKind.Invocation, OperationKind.PropertyReference);

    private static void Check(OperationAnalysisContext context)
    {
        ISymbol member = context.Operation is IInvocationOperation call ? call.TargetMethod : ((IPropertyReferenceOperation)context.Operation).Property;
        var owner = member.ContainingType?.OriginalDefinition.ToDisplayString() ?? "";
        var blocks = member.Name switch
        {
            "Sleep" => owner == "System.Threading.Thread",
            "Result" or "Wait" or "WaitAll" or "WaitAny" => s_tasks.Contains(owner),
            "GetResult" => s_awaiters.Contains(owner),
            _ => false,
        };
        if (blocks && IsOurs(context.Operation.Syntax.SyntaxTree) && !IsReviewed(context.Options, context.ContainingSymbol, "cirt_blocking"))
        {
            context.ReportDiagnostic(Diagnostic.Create(s_rule, context.Operation.Syntax.GetLocation(), member.ContainingType!.Name, member.Name));
        }
    }
}
