using Appliance.Kernel.Data;

namespace Appliance.Kernel.Update;

/// <summary>
/// The door between the console and the machine that it runs on. The host has no right to write a release: it lays the file down here, a unit of the machine takes it, checks who signed it,
/// and says in a file of its own what came of it.
/// </summary>
internal sealed class UpdateFolder(KernelOptions options)
{
    private const int LongestResult = 4000;

    private readonly UpdateOptions _options = options.Update;

    /// <summary>False where the machine is not the appliance image: releases come another way there.</summary>
    public bool IsOpen => _options.Folder.Length > 0;

    /// <summary>The release that waits to be taken.</summary>
    public string Release => Path.Combine(_options.Folder, "release.update");

    /// <summary>Laid down to have the machine started again.</summary>
    public string Restart => Path.Combine(_options.Folder, "restart");

    /// <summary>A file beside the release while it comes in.</summary>
    public string NewPart()
    {
        Directory.CreateDirectory(_options.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return Path.Combine(_options.Folder, $".{Guid.CreateVersion7()}.part");
    }

    /// <summary>What the machine said last: a word, then its sentences; and when.</summary>
    public (string Word, string Said, DateTimeOffset? At) Read()
    {
        var file = new FileInfo(_options.Result);
        if (!file.Exists)
            return ("", "", null);
        using var reader = file.OpenText();
        var text = new char[LongestResult];
        var parts = new string(text, 0, reader.ReadBlock(text)).Split('\n', 2);
        return (parts[0].Trim(), parts.Length > 1 ? parts[1].Trim() : "", file.LastWriteTimeUtc);
    }
}
