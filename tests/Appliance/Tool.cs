using System.Diagnostics;
using Appliance.Tests;
using Xunit;

namespace Appliance.Image.Tests;

/// <summary>Programs of the distribution that the image is made and judged with. A test that lacks one says so and is skipped.</summary>
internal static class Tool
{
    private static readonly string[] s_places = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];

    public static void Need(params string[] names)
    {
        var missing = names.Where(n => !s_places.Any(p => File.Exists(Path.Combine(p, n)))).ToList();
        Assert.SkipUnless(missing.Count == 0, $"not installed: {string.Join(", ", missing)}; ./build.sh image installs what the image is made with");
    }

    /// <summary>Runs it to its end and answers both streams together.</summary>
    public static async Task<(int Code, string Output)> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Checkout.Root };
        start.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }

    /// <summary>The same, which must succeed.</summary>
    public static async Task<string> DemandAsync(string program, params string[] arguments)
    {
        var (code, output) = await RunAsync(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}:\n{output}");
        return output;
    }

    /// <summary>A file of the folder <c>appliance</c>.</summary>
    public static string At(params string[] parts) => Checkout.At(["appliance", .. parts]);
}

/// <summary>A folder that is gone after the test.</summary>
internal sealed class Scratch : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cirt-image-").FullName;

    public string At(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Writes a file, and the folders above it.</summary>
    public string Write(string name, string content)
    {
        var file = At(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return file;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
