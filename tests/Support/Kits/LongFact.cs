using System.Runtime.CompilerServices;
using Xunit;

namespace Appliance.Tests;

/// <summary>A test that takes minutes: kill loops, soaks, large data. Runs only under <c>./build.sh test --long</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongFactAttribute : FactAttribute
{
    /// <summary>Set to 1 by <c>--long</c>.</summary>
    public const string Variable = "CIRT_LONG";

    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public LongFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) =>
        Skip = Environment.GetEnvironmentVariable(Variable) == "1" ? null : "takes minutes: runs under ./build.sh test --long";
}
