namespace Appliance.Kernel.Mail;

/// <summary>What gpg answered.</summary>
/// <param name="Output">The clear text.</param>
/// <param name="Status">Its status lines without their prefix.</param>
internal sealed record GpgAnswer(byte[] Output, IReadOnlyList<string> Status)
{
    /// <summary>The words behind a status, or null when it was not given.</summary>
    public string[]? Find(string name) => Status.FirstOrDefault(s => s == name || s.StartsWith(name + " ", StringComparison.Ordinal))?.Split(' ');

    public bool Has(string name) => Find(name) is not null;
}

/// <summary>Runs gpg in a home of its own. Only its status lines are believed, never its words.</summary>
internal static class GpgProgram
{
    private const string Program = "/usr/bin/gpg";

    public static bool IsPresent => File.Exists(Program);

    /// <summary>Runs it with <paramref name="input"/> on standard input. Throws <see cref="TimeoutException"/> when it takes too long or writes too much.</summary>
    public static async Task<GpgAnswer> RunAsync(string home, IEnumerable<string> arguments, ReadOnlyMemory<byte> input, CancellationToken cancel) =>
        await AskAsync(home, ["--batch", "--pinentry-mode", "error", .. arguments], input, cancel);

    /// <summary>The same for what asks questions, answered from standard input.</summary>
    public static async Task<GpgAnswer> AskAsync(string home, IEnumerable<string> arguments, ReadOnlyMemory<byte> input, CancellationToken cancel)
    {
        string[] always = ["--no-tty", "--no-auto-key-retrieve", "--no-auto-key-locate", "--disable-dirmngr", "--trust-model", "always", "--status-fd", "2"];
        var (_, output, errors) = await BoundedProgram.RunAsync(Program, home, [.. always, .. arguments], input, cancel);
        return new(output, [.. errors.Split('\n').Where(l => l.StartsWith("[GNUPG:] ", StringComparison.Ordinal)).Select(l => l[9..].Trim())]);
    }
}
