using Xunit;

namespace Appliance.Tests;

/// <summary>Keeps what helps to understand a failed test, under <c>artifacts/test</c>.</summary>
public static class Failed
{
    /// <summary>True when the current test failed; known in DisposeAsync.</summary>
    public static bool Is => TestContext.Current.TestState?.Result == TestResult.Failed;

    /// <summary>A path for a file of the current test.</summary>
    public static string PathFor(string name)
    {
        var test = TestContext.Current.TestMethod?.MethodName ?? TestContext.Current.TestClass?.TestClassSimpleName ?? "run";
        return Path.Combine(Checkout.Artifacts, $"{test}-{name}");
    }

    /// <summary>Writes <paramref name="text"/> when the current test failed.</summary>
    public static async Task KeepAsync(string name, string text)
    {
        if (Is)
            await File.WriteAllTextAsync(PathFor(name), text);
    }
}
