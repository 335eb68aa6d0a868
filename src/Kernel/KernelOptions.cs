namespace Appliance.Kernel;

/// <summary>Settings of the kernel that are fixed while the host runs; section <c>kernel</c>.</summary>
public sealed record KernelOptions
{
    /// <summary>Minutes without input after which a log-in ends; the settings page may change it.</summary>
    public int IdleMinutes { get; init; } = 60;

    /// <summary>The same for whoever administers: manages people, tokens or settings.</summary>
    public int AdministratorIdleMinutes { get; init; } = 15;

    /// <summary>Hours after which a log-in ends in any case.</summary>
    public int SessionHours { get; init; } = 12;

    /// <summary>Allows the session cookie over plain http from this very machine. Only the local trial sets it.</summary>
    public bool PlainLoopback { get; init; }

    /// <summary>Largest file taken into the store, in MiB.</summary>
    public int LargestFileMiB { get; init; } = 2048;

    /// <summary>Free space of the data folder, in MiB, below which the health page warns.</summary>
    public int FreeSpaceMiB { get; init; } = 2048;

    /// <summary>Free space in MiB below which a disk counts as full and intake pauses; a tenth of a disk that is smaller than ten times this.</summary>
    public int StopSpaceMiB { get; init; } = 512;

    /// <summary>Size in MiB of the file that keeps room on the data folder's disk for the day it fills; at most a hundredth of it (but 48), 0 for none.</summary>
    public int BallastMiB { get; init; } = 1024;

    /// <summary>The outgoing HTTP client.</summary>
    public HttpOptions Http { get; init; } = new();

    /// <summary>The API.</summary>
    public ApiOptions Api { get; init; } = new();

    /// <summary>Mail out and in.</summary>
    public Mail.MailOptions Mail { get; init; } = new();

    /// <summary>The nightly backup.</summary>
    public BackupOptions Backup { get; init; } = new();

    /// <summary>Updates of the appliance image.</summary>
    public UpdateOptions Update { get; init; } = new();

    /// <summary>Everything wrong with the settings.</summary>
    internal static IEnumerable<string> Faults(KernelOptions options)
    {
        if (options.IdleMinutes is < 5 or > 720)
            yield return $"IdleMinutes is {options.IdleMinutes}; choose 5 to 720.";
        if (options.AdministratorIdleMinutes is < 5 or > 720)
            yield return $"AdministratorIdleMinutes is {options.AdministratorIdleMinutes}; choose 5 to 720.";
        if (options.SessionHours is < 1 or > 24)
            yield return $"SessionHours is {options.SessionHours}; choose 1 to 24.";
        if (options.LargestFileMiB is < 1 or > 1024 * 1024)
            yield return $"LargestFileMiB is {options.LargestFileMiB}; choose 1 to 1048576.";
        if (options.FreeSpaceMiB is < 64)
            yield return $"FreeSpaceMiB is {options.FreeSpaceMiB}; choose at least 64.";
        if (options.Api.RequestsPerMinute is < 10 or > 100_000)
            yield return $"Api:RequestsPerMinute is {options.Api.RequestsPerMinute}; choose 10 to 100000.";
        if (options.StopSpaceMiB is < 16)
            yield return $"StopSpaceMiB is {options.StopSpaceMiB}; choose at least 16.";
        if (options.BallastMiB is < 0 or > 64 * 1024)
            yield return $"BallastMiB is {options.BallastMiB}; choose 0 to 65536.";
        if (options.Backup.Keep is < 1 or > 1000)
            yield return $"Backup:Keep is {options.Backup.Keep}; choose 1 to 1000.";
        if (options.Backup.Folder.Length > 0 && !Path.IsPathFullyQualified(options.Backup.Folder))
            yield return $"Backup:Folder is '{options.Backup.Folder}'; name it from the root, for example /media/backup.";
        if (options.Update.Folder.Length > 0 && !(Path.IsPathFullyQualified(options.Update.Folder) && Path.IsPathFullyQualified(options.Update.Result)))
            yield return $"Update:Folder is '{options.Update.Folder}', Update:Result '{options.Update.Result}'; name both from the root, or neither.";
        foreach (var fault in Kernel.Mail.MailOptions.Faults(options.Mail))
            yield return fault;
        foreach (var fault in Kernel.Http.AddressPolicy.Faults(options.Http))
            yield return fault;
    }
}

/// <summary>Settings of the API; section <c>kernel:api</c>.</summary>
public sealed record ApiOptions
{
    /// <summary>How often one credential may ask in a minute.</summary>
    public int RequestsPerMinute { get; init; } = 3000;
}

/// <summary>Settings of the nightly backup; section <c>kernel:backup</c>.</summary>
public sealed record BackupOptions
{
    /// <summary>Where it writes, best on another disk; empty for no nightly backup.</summary>
    public string Folder { get; init; } = "";

    /// <summary>How many of its own it keeps there.</summary>
    public int Keep { get; init; } = 7;
}

/// <summary>Settings of the outgoing HTTP client; section <c>kernel:http</c>.</summary>
public sealed record HttpOptions
{
    /// <summary>Inside addresses that may be called all the same: <c>10.1.0.0/16</c>, <c>192.0.2.7:8443</c>, <c>hub.example:443</c>.</summary>
    public string[] Allow { get; init; } = [];

    /// <summary>Proxy for everything outgoing, for example <c>http://proxy.example:3128</c>; empty for none. Its address is allowed by being set.</summary>
    public string Proxy { get; init; } = "";

    /// <summary>PEM file with further certificate authorities; empty for the system's only.</summary>
    public string AuthoritiesFile { get; init; } = "";

    /// <summary>Seconds for a whole request.</summary>
    public int TimeoutSeconds { get; init; } = 60;
}

/// <summary>How the console hands a release to the machine; section <c>kernel:update</c>. Set by the appliance image, empty elsewhere.</summary>
public sealed record UpdateOptions
{
    /// <summary>Where the machine looks for a release that the console took.</summary>
    public string Folder { get; init; } = "";

    /// <summary>File in which the machine says what came of it.</summary>
    public string Result { get; init; } = "";
}
