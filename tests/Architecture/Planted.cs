using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Appliance.Architecture;

/// <summary>Compiles a few lines in memory, so that each rule is seen to catch what it is for.</summary>
internal static class Planted
{
    private static readonly ImmutableArray<MetadataReference> s_references =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':').Select(file => MetadataReference.CreateFromFile(file)),
    ];

    /// <summary>The bytes of an assembly made of <paramref name="source"/>.</summary>
    public static byte[] Assembly(string name, string source)
    {
        using var bytes = new MemoryStream();
        var made = Compile(name, source, "Planted.cs").Emit(bytes);
        return made.Success ? bytes.ToArray() : throw new InvalidOperationException(string.Join('\n', made.Diagnostics));
    }

    /// <summary>The ids of what <paramref name="rule"/> reports on <paramref name="source"/>.</summary>
    public static async Task<IReadOnlyList<string>> ReportsAsync(DiagnosticAnalyzer rule, string source, string file = "Planted.cs", params (string Key, string Value)[] reviewed)
    {
        var compilation = Compile("Planted", source, file);
        var broken = compilation.GetDiagnostics().Where(one => one.Severity == DiagnosticSeverity.Error).ToList();
        if (broken.Count > 0)
            throw new InvalidOperationException(string.Join('\n', broken));
        var options = new AnalyzerOptions([], new Reviewed(reviewed.ToImmutableDictionary(one => one.Key, one => one.Value)));
        var reports = await compilation.WithAnalyzers([rule], options).GetAnalyzerDiagnosticsAsync();
        return [.. reports.OrderBy(one => one.Location.SourceSpan.Start).Select(one => one.Id)];
    }

    private static CSharpCompilation Compile(string name, string source, string file) => CSharpCompilation.Create(
        name,
        [CSharpSyntaxTree.ParseText("using System; using System.Threading.Tasks;\n" + source, new CSharpParseOptions(LanguageVersion.Latest), file)],
        s_references,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    private sealed class Reviewed(ImmutableDictionary<string, string> values) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Values(values);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;
    }

    private sealed class Values(ImmutableDictionary<string, string> values) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, out string value) => values.TryGetValue(key, out value!);
    }
}
