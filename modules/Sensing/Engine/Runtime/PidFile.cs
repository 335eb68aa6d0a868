using System.Globalization;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>The number of this process in a file, gone when it ends.</summary>
internal sealed class PidFile : IDisposable
{
    private readonly string _path;

    private PidFile(string path) => _path = path;

    /// <summary>Null when none is asked for, or when it cannot be had: then <paramref name="refused"/> is set and why has been said. One left by a process that is gone is taken over.</summary>
    public static PidFile? Take(string? path, TextWriter stderr, out bool refused)
    {
        refused = false;
        if (string.IsNullOrEmpty(path)) return null;
        try
        {
            if (File.Exists(path) && int.TryParse(File.ReadAllText(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int other) && other != Environment.ProcessId && Directory.Exists($"/proc/{other.ToString(CultureInfo.InvariantCulture)}"))
            {
                stderr.WriteLine($"sensor: {path} says that process {other.ToString(CultureInfo.InvariantCulture)} is running; stop it, or remove the file if it is another program");
                refused = true;
                return null;
            }
            File.WriteAllText(path, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
            return new PidFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            stderr.WriteLine($"sensor: the process's number cannot be written: {e.Message}");
            refused = true;
            return null;
        }
    }

    public void Dispose() => File.Delete(_path);
}
