namespace Appliance.Tests;

/// <summary>Stands in for sendmail where no mail server can run: keeps each message and its envelope as files, or refuses as told.</summary>
public sealed class MailCatch : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cirt-sendmail-").FullName;

    /// <summary>Makes the program.</summary>
    /// <param name="exitCode">What it answers: 0 takes the message, 75 says try later, 67 says there is no such recipient.</param>
    public MailCatch(int exitCode = 0)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "kept"));
        File.WriteAllText(
            Sendmail,
            $"""
            #!/bin/sh
            # Written whole under another name first: a reader never sees half a message.
            name=$(mktemp "{_folder}/XXXXXXXX")
            cat > "$name"
            printf '%s\n' "$@" > "$name.arguments"
            mv "$name.arguments" "{_folder}/kept/$(basename "$name").arguments"
            mv "$name" "{_folder}/kept/$(basename "$name").eml"
            exit {exitCode}

            """);
        File.SetUnixFileMode(Sendmail, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
    }

    /// <summary>Path of the program.</summary>
    public string Sendmail => Path.Combine(_folder, "sendmail");

    /// <summary>The messages taken so far, oldest first: the arguments it was called with, and the bytes.</summary>
    public IReadOnlyList<(string[] Arguments, string Message)> Messages =>
    [
        .. new DirectoryInfo(Path.Combine(_folder, "kept")).GetFiles("*.eml").OrderBy(file => file.LastWriteTimeUtc)
            .Select(file => (File.ReadAllLines(Path.ChangeExtension(file.FullName, ".arguments")), File.ReadAllText(file.FullName))),
    ];

    /// <summary>Deletes what was kept.</summary>
    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
