using System;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Appliance.Analyzers;

/// <summary>What the rules have in common: all are errors, and all look into the code that Razor makes of our pages.</summary>
public abstract class HouseRule : DiagnosticAnalyzer
{
    private protected static DiagnosticDescriptor Rule(string id, string title, string message) =>
        new DiagnosticDescriptor(id, title, message, "House", DiagnosticSeverity.Error, isEnabledByDefault: true);

    public sealed override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.Analyze | GeneratedCodeAnalysisFlags.ReportDiagnostics);
        context.EnableConcurrentExecution();
        Watch(context);
    }

    private protected abstract void Watch(AnalysisContext context);

    /// <summary>False for what other generators wrote (log methods, regular expressions): nobody here can mend that.</summary>
    private protected static bool IsOurs(SyntaxTree? tree) =>
        tree is not null && (!tree.FilePath.EndsWith(".g.cs", StringComparison.Ordinal) || tree.FilePath.EndsWith("_razor.g.cs", StringComparison.Ordinal));

    /// <summary>True when the code stands in a type or namespace that reviewed.globalconfig names for this rule.</summary>
    private protected static bool IsReviewed(AnalyzerOptions options, ISymbol place, string list)
    {
        if (!options.AnalyzerConfigOptionsProvider.GlobalOptions.TryGetValue(list, out var names))
        {
            return false;
        }

        var type = place as INamedTypeSymbol ?? place.ContainingType;
        while (type?.ContainingType is not null)
        {
            type = type.ContainingType;
        }

        var full = type?.ToDisplayString() ?? "";
        return names.Split(',').Select(name => name.Trim()).Any(name => full == name || full.StartsWith(name + ".", StringComparison.Ordinal));
    }

    private protected static bool Is(ITypeSymbol? type, string fullName) => type?.OriginalDefinition.ToDisplayString() == fullName;
}
