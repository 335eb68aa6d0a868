using System.Diagnostics;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>How a process of ours that reads or draws what strangers wrote is started: no shell, all three streams ours, an environment that holds nothing of the host's.</summary>
internal static class ConfinedStart
{
    /// <summary><c>cirt</c> with one of its verbs.</summary>
    public static ProcessStartInfo Of(string program, string verb)
    {
        var start = new ProcessStartInfo(program) { ArgumentList = { verb }, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = "/" };
        var root = Environment.GetEnvironmentVariable("DOTNET_ROOT");
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        if (!string.IsNullOrEmpty(root))
            start.Environment["DOTNET_ROOT"] = root;
        // A heap that ends in an exception rather than in the machine's memory; no diagnostics socket; no second mapping of code pages.
        start.Environment["DOTNET_GCHeapHardLimit"] = "0x20000000";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["LANG"] = "C.UTF-8";
        return start;
    }
}
