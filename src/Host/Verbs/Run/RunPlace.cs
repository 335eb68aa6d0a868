using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Appliance.Kernel;
using Appliance.Kernel.Data;

namespace Appliance.Host.Verbs.Run;

/// <summary>Where a run keeps its data and from where its processes start, so that the ordinary user who runs them can reach both.</summary>
/// <param name="Data">The data folder.</param>
/// <param name="Program">The executable.</param>
/// <param name="Runtime">The folder of the .NET runtime.</param>
/// <param name="User">Who runs them; null when we are an ordinary user ourselves.</param>
internal sealed record RunPlace(string Data, string Program, string Runtime, OrdinaryUser? User)
{
    private static string OwnRuntime => Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } set
        ? set
        : Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));

    /// <summary>Makes the folders. Where root's checkout is closed to the ordinary user, data and program move to <c>/var/lib</c> and <paramref name="say"/> tells so.</summary>
    public static async Task<RunPlace> PrepareAsync(string data, Action<string> say, CancellationToken cancel)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("no process path");
        if (!OrdinaryUser.IsNeeded)
        {
            Directory.CreateDirectory(data);
            return new(data, program, OwnRuntime, null);
        }

        var nearest = data;
        while (!Directory.Exists(nearest))
            nearest = Path.GetDirectoryName(nearest)!;
        var user = OrdinaryUser.For(nearest)!;
        var runtime = OwnRuntime;
        var moved = "/var/lib/cirt-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(data)))[..8];
        if (!await user.CanEnterAsync(nearest, cancel))
        {
            data = Path.Combine(moved, "data");
            say($"The data is in {data}, because {user.Name} may not enter {nearest}.");
        }

        if (!await user.CanEnterAsync(Path.GetDirectoryName(program)!, cancel))
        {
            Copy(Path.GetDirectoryName(program)!, Path.Combine(moved, "program"), "");
            program = Path.Combine(moved, "program", Path.GetFileName(program));
        }

        if (!await user.CanEnterAsync(runtime, cancel))
        {
            foreach (var part in new[] { "dotnet", "host", "shared" })
                Copy(Path.Combine(runtime, part), Path.Combine(moved, "runtime"), part);
            runtime = Path.Combine(moved, "runtime");
        }

        Directory.CreateDirectory(data);
        Own(user, data);
        say($"The host, the sensor and the database run as {user.Name}, not as root.");
        return new(data, program, runtime, user);
    }

    /// <summary>The folder itself, not what lies in it: the database's folder stays root's.</summary>
    private static void Own(OrdinaryUser user, string folder) => Do("install", "--directory", "--mode=0755", $"--owner={user.Uid}", $"--group={user.Gid}", "--", folder);

    private static void Copy(string from, string to, string name)
    {
        Directory.CreateDirectory(to);
        Do("cp", "--archive", "--update", "--no-target-directory", "--", from, Path.Combine(to, name));
        Do("chmod", "-R", "go+rX", "--", to);
    }

    private static void Do(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new OperatorFault("A folder could not be prepared.", $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}; its reason stands above.", "Check the rights and the room on the disk, then start again.");
    }
}
