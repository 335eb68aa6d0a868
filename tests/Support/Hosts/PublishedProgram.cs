using Xunit;

namespace Appliance.Tests;

/// <summary>The deployable as <c>./build.sh publish</c> makes it, in a folder that any user can read. For a class or collection fixture.</summary>
public sealed class PublishedProgram : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cirt-published-").FullName;

    /// <summary>The executable.</summary>
    public string Cirt => Path.Combine(_folder, "cirt");

    /// <summary>Publishes what the tests were built with.</summary>
    public async ValueTask InitializeAsync()
    {
        var configuration = Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(Checkout.Cirt)!)!);
        await using var publish = CirtProcess.StartProgram(
            "dotnet",
            ["publish", Checkout.At("src", "Host"), "-c", configuration, "-o", _folder, "--no-build", "--no-self-contained", "-v", "q", "--nologo"]);
        if (await publish.EndAsync(TimeSpan.FromMinutes(5)) != 0)
            throw new InvalidOperationException($"dotnet publish failed:\n{publish.Output}");
        File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
    }

    /// <summary>Deletes it.</summary>
    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
