namespace Appliance.Sensing;

/// <summary>Section <c>sensing</c> of the configuration.</summary>
public sealed class SensingOptions
{
    /// <summary>The sensors' folders. Empty: one folder <c>local</c> at the data folder's <c>sensor</c>.</summary>
    public List<SensorFolderOptions> Folders { get; set; } = [];

    /// <summary>Bytes of tier 2 kept in the database, in MiB; 0 is a fifth of the disk.</summary>
    public int EventsBudgetMib { get; set; }

    /// <summary>Bytes of packets that each sensor of ours keeps in its ring, in MiB; 0 keeps none.</summary>
    public int PacketsBudgetMib { get; set; } = 1024;

    /// <summary>Seconds without a heartbeat after which a sensor counts as silent.</summary>
    public int SilenceSeconds { get; set; } = 60;

    /// <summary>Largest capture that may be brought in, in MiB.</summary>
    public int CaptureLimitMib { get; set; } = 4096;

    /// <summary>Days for which the sensors look for what a published advisory names; 0: not at all.</summary>
    public int AdvisoryIndicatorDays { get; set; } = 30;

    internal IEnumerable<string> Faults()
    {
        foreach (var folder in Folders)
        {
            if (folder.Name.Length is 0 or > 40 || !folder.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
                yield return $"folders: the name '{folder.Name}' must be 1 to 40 letters, digits, - or _";
            if (!System.IO.Path.IsPathFullyQualified(folder.Path))
                yield return $"folders: the path '{folder.Path}' of {folder.Name} must be absolute";
            if (folder.Kind is not ("folder" or "suricata"))
                yield return $"folders: kind '{folder.Kind}' of {folder.Name} must be folder or suricata";
        }
        if (Folders.DistinctBy(f => f.Name).Count() != Folders.Count)
            yield return "folders: two sensors have the same name";
        if (EventsBudgetMib < 0)
            yield return "eventsBudgetMib must not be negative";
        if (PacketsBudgetMib is < 0 or > 1 << 24)
            yield return "packetsBudgetMib must lie between 0 and 16777216";
        if (SilenceSeconds is < 20 or > 86400)
            yield return "silenceSeconds must lie between 20 and 86400; sensors report every 10 seconds";
        if (CaptureLimitMib is < 1 or > 1 << 20)
            yield return "captureLimitMib must lie between 1 and 1048576";
        if (AdvisoryIndicatorDays is < 0 or > 3650)
            yield return "advisoryIndicatorDays must lie between 0 and 3650";
    }
}

/// <summary>One sensor.</summary>
public sealed class SensorFolderOptions
{
    /// <summary>How people call it.</summary>
    public string Name { get; set; } = "";

    /// <summary>The shared folder, or the directory in which a stock Suricata writes its <c>eve.json</c>.</summary>
    public string Path { get; set; } = "";

    /// <summary><c>folder</c> for our own sensor, <c>suricata</c> for a stock one.</summary>
    public string Kind { get; set; } = "folder";

    /// <summary>True where <c>cirt-carry</c> brings the folder from another machine; then an alarm says when that stops.</summary>
    public bool Carried { get; set; }
}
