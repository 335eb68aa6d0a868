using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Appliance.Kernel.Mail;

/// <summary>What became of handing one message over for one recipient.</summary>
/// <param name="Kind">The result.</param>
/// <param name="Reason">The program's own words, for the operator.</param>
internal sealed record HandOver(HandOverKind Kind, string Reason);

internal enum HandOverKind
{
    /// <summary>The mail server took it.</summary>
    Taken,

    /// <summary>Not now; try again.</summary>
    Later,

    /// <summary>Never: this recipient or message is refused.</summary>
    Refused,

    /// <summary>The program did not finish: it may have taken the message.</summary>
    Unknown,
}

/// <summary>Hands raw bytes to a sendmail-compatible program, without a shell, one recipient a call (sysexits.h gives the meaning of its exit code).</summary>
internal static class SendmailProgram
{
    private const int MostReason = 500;

    public static async Task<HandOver> RunAsync(MailOptions options, string sender, string recipient, ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        var words = CommandLine.Split(options.Sendmail.Replace("{sender}", sender, StringComparison.Ordinal));
        if (words.Count == 0)
            return new(HandOverKind.Later, "no program is set");
        var start = new ProcessStartInfo(words[0]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = "/" };
        foreach (var word in words.Skip(1))
            start.ArgumentList.Add(word);
        start.ArgumentList.Add("--");
        start.ArgumentList.Add(recipient);
        // Nothing of the host's environment, which may name its database.
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(options.HandOverSeconds));
        // A stopping host lets the program finish: cut off in the middle, its outcome would be unknown.
        await using var stopping = cancel.Register(() => timeout.CancelAfter(TimeSpan.FromSeconds(5)));
        using var program = new Process { StartInfo = start };
        try
        {
            program.Start();
        }
        catch (Win32Exception fault)
        {
            return new(HandOverKind.Later, $"{words[0]} cannot be started: {fault.Message}");
        }
        try
        {
            var said = Task.WhenAll(program.StandardError.ReadToEndAsync(timeout.Token), program.StandardOutput.ReadToEndAsync(timeout.Token));
            var broken = await WriteAsync(program, message, timeout.Token);
            await program.WaitForExitAsync(timeout.Token);
            var reason = Shorten(string.Join(' ', await said));
            return program.ExitCode switch
            {
                0 when !broken => new(HandOverKind.Taken, reason),
                0 => new(HandOverKind.Unknown, "the program ended well without reading the whole message"),
                65 or 67 or 68 => new(HandOverKind.Refused, $"exit {program.ExitCode}: {reason}"),
                _ => new(HandOverKind.Later, $"exit {program.ExitCode}: {reason}"),
            };
        }
        catch (OperationCanceledException)
        {
            Kill(program);
            return new(HandOverKind.Unknown, cancel.IsCancellationRequested ? "stopped while it was handed over" : $"no answer within {options.HandOverSeconds} s");
        }
    }

    /// <summary>True when the program closed its input before the end.</summary>
    private static async Task<bool> WriteAsync(Process program, ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        try
        {
            await using var input = program.StandardInput.BaseStream;
            // Programs of this kind read lines ended by LF.
            await input.WriteAsync(Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(message.Span).Replace("\r\n", "\n", StringComparison.Ordinal)), cancel);
            await input.FlushAsync(cancel);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static void Kill(Process program)
    {
        try
        {
            program.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // Ended by itself in the meantime: its outcome stays unknown all the same.
            return;
        }
    }

    private static string Shorten(string said)
    {
        var line = new string([.. said.Trim().Select(c => char.IsControl(c) ? ' ' : c)]);
        return line.Length > MostReason ? line[..MostReason] : line;
    }
}
