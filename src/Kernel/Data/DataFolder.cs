namespace Appliance.Kernel.Data;

/// <summary>The one folder that holds what the appliance keeps outside the database. Set by <c>CIRT_DATA</c>.</summary>
/// <param name="Root">Absolute path.</param>
public sealed record DataFolder(string Root)
{
    /// <summary>Secrets: database access, data protection keys, certificate. Mode 0700.</summary>
    public string Keys => Ensure("keys", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>Content-addressed files.</summary>
    public string Files => Ensure("files");

    /// <summary>Default place of the local sensor's folder.</summary>
    public string Sensor => Ensure("sensor");

    /// <summary>Default maildir.</summary>
    public string Mail => Ensure("mail");

    /// <summary>Scratch space; emptied at start.</summary>
    public string Temporary => Ensure("tmp");

    /// <summary>Where the database logins lie.</summary>
    public string DatabaseAccessFile => Path.Combine(Keys, "database.json");

    /// <summary>A folder below, created where missing.</summary>
    public string Ensure(string name, UnixFileMode? mode = null)
    {
        var path = Path.Combine(Root, name);
        if (mode is { } wanted)
            Directory.CreateDirectory(path, wanted);
        else
            Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>From <c>CIRT_DATA</c>, or <c>var</c> below the working directory.</summary>
    public static DataFolder FromEnvironment() =>
        new(Path.GetFullPath(Environment.GetEnvironmentVariable("CIRT_DATA") is { Length: > 0 } set ? set : "var"));
}
