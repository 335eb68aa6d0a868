using Appliance.Kernel.Data;

namespace Appliance.Kernel.Backup;

/// <summary>The key that backups are encrypted to. Its secret half is printed once and never kept; the machine keeps the public half only.</summary>
public static class RecoveryKey
{
    private const string FileName = "backup-recipient";

    /// <summary>The public half, or null while there is none.</summary>
    public static string? Recipient(DataFolder data)
    {
        var file = Path.Combine(data.Keys, FileName);
        if (!File.Exists(file))
            return null;
        var text = File.ReadAllText(file).Trim();
        return AgeProgram.IsRecipient(text)
            ? text
            : throw new OperatorFault("The public half of the recovery key is unreadable.", $"File: {file}", "Make a new key: cirt backup --new-key --replace");
    }

    /// <summary>Makes a key, keeps its public half and prints the secret one.</summary>
    internal static async Task MakeAsync(DataFolder data, bool replace, TextWriter output, CancellationToken cancel)
    {
        if (!replace && Recipient(data) is { } known)
            throw new OperatorFault("There is a recovery key already.", $"Its public half: {known}", "Use the card that was printed with it. If that is lost, write: cirt backup --new-key --replace; backups made before stay closed without the old card.");
        var (recipient, secret) = await AgeProgram.NewPairAsync(cancel);
        // Printed before it is kept: a key that nobody saw must never be in use.
        await output.WriteLineAsync("RECOVERY KEY. Write it down or print it, and keep it away from this machine.");
        await output.WriteLineAsync("Only this key opens the backups. It is shown this once and is not kept here.");
        await output.WriteLineAsync();
        await output.WriteLineAsync($"    {secret}");
        await output.WriteLineAsync();
        await output.WriteLineAsync($"Its public half, which stays here: {recipient}");
        await output.FlushAsync(cancel);
        await KeepAsync(data, recipient, cancel);
    }

    /// <summary>Keeps the public half of a key whose secret half somebody has seen; backups to come are encrypted to it.</summary>
    internal static async Task KeepAsync(DataFolder data, string recipient, CancellationToken cancel)
    {
        var file = Path.Combine(data.Keys, FileName);
        await File.WriteAllTextAsync(file + ".new", recipient + "\n", cancel);
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>Keeps the public half of a key that was made and printed elsewhere; false where there is one already, which stays.</summary>
    internal static async Task<bool> AdoptAsync(DataFolder data, string recipient, CancellationToken cancel)
    {
        if (Recipient(data) is not null)
            return false;
        await KeepAsync(data, recipient, cancel);
        return true;
    }

    /// <summary>Reads the secret half from a file, or from standard input where none is named.</summary>
    public static async Task<string> ReadSecretAsync(string? file, TextReader input, CancellationToken cancel)
    {
        if (file is not null && !File.Exists(file))
            throw new OperatorFault("The file with the recovery key is not there.", $"File: {file}", "Name another one, or leave --key-file out and type the key.");
        var text = file is null ? await input.ReadLineAsync(cancel) ?? "" : await File.ReadAllTextAsync(file, cancel);
        return AgeProgram.FindSecret(text)
            ?? throw new OperatorFault("That is not a recovery key.", "It begins with AGE-SECRET-KEY-1 and has 74 characters.", "Copy it from the printed card as it stands.");
    }
}
