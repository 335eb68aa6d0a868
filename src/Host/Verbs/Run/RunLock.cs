using System.Globalization;
using Appliance.Kernel;

namespace Appliance.Host.Verbs.Run;

/// <summary>One run per data folder. The lock is the kernel's, so a killed run leaves none behind.</summary>
internal sealed class RunLock : IDisposable
{
    private readonly FileStream _held;

    private RunLock(FileStream held) => _held = held;

    /// <exception cref="OperatorFault">Another process runs on this data; it is named.</exception>
    public static RunLock Take(string data, string address)
    {
        var (path, note) = (Path.Combine(data, "run.lock"), Path.Combine(data, "run.pid"));
        FileStream held;
        try
        {
            held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault)
        {
            var first = File.Exists(note) ? File.ReadAllText(note).Trim() : "a process that has only just started";
            throw new OperatorFault(
                "The appliance already runs on this data.",
                $"{data} is held by {first}.",
                "Use that one, or stop it (Ctrl-C where it runs, or kill with its number), or start with another --data DIRECTORY.",
                fault);
        }

        File.WriteAllText(note, string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId}, which answers at {address}\n"));
        return new(held);
    }

    public void Dispose() => _held.Dispose();
}
