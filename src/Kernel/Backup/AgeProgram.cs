using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Appliance.Kernel.Backup;

/// <summary>The distribution's <c>age</c>, which encrypts what is streamed through it to a public key (age-encryption.org/v1: X25519, ChaCha20-Poly1305 in authenticated pieces).</summary>
internal static partial class AgeProgram
{
    /// <summary>Makes a pair: the public half to encrypt to, and the secret half that alone opens it.</summary>
    public static async Task<(string Recipient, string Secret)> NewPairAsync(CancellationToken cancel)
    {
        using var process = Start("age-keygen", []);
        process.StandardInput.Close();
        var text = await process.StandardOutput.ReadToEndAsync(cancel);
        await EndAsync(process, "A recovery key could not be made.", cancel);
        var (secret, recipient) = (Secret().Match(text), Recipient().Match(text));
        return secret.Success && recipient.Success
            ? (recipient.Value, secret.Value)
            : throw new OperatorFault("A recovery key could not be made.", "age-keygen printed no key.", "Check that the package age is the distribution's.");
    }

    /// <summary>True for the public half of a key.</summary>
    public static bool IsRecipient(string text) => Recipient().Match(text) is { Success: true } match && match.Length == text.Length;

    /// <summary>Finds the secret half in what a person gave: the line itself, or the whole printed card.</summary>
    public static string? FindSecret(string text) => Secret().Match(text.ToUpperInvariant()) is { Success: true } match ? match.Value : null;

    /// <summary>Starts encryption: write the plain bytes to the process' input, close it, then <see cref="EndAsync"/>.</summary>
    public static Process Encrypt(string recipient, string file)
    {
        var process = Start("age", ["--encrypt", "--recipient", recipient, "--output", file]);
        return process;
    }

    /// <summary>Starts decryption: read the plain bytes from the process' output, then <see cref="EndAsync"/>. Bytes that were read are authentic; that they are all is known only at the end.</summary>
    public static async Task<Process> DecryptAsync(string secret, string file, CancellationToken cancel)
    {
        // The secret goes through the pipe: neither a file nor the process list ever shows it.
        var process = Start("age", ["--decrypt", "--identity", "-", file]);
        await process.StandardInput.WriteLineAsync(secret.AsMemory(), cancel);
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Encrypts a few bytes at once.</summary>
    public static async Task<byte[]> SealAsync(string recipient, byte[] plain, CancellationToken cancel)
    {
        using var process = Start("age", ["--encrypt", "--recipient", recipient]);
        using var whole = new MemoryStream();
        var read = process.StandardOutput.BaseStream.CopyToAsync(whole, cancel);
        await process.StandardInput.BaseStream.WriteAsync(plain, cancel);
        process.StandardInput.Close();
        await read;
        await EndAsync(process, "The secret could not be sealed.", cancel);
        return whole.ToArray();
    }

    /// <summary>Opens what <see cref="SealAsync"/> sealed.</summary>
    /// <exception cref="OperatorFault">Sealed to another key, or damaged.</exception>
    public static async Task<byte[]> OpenAsync(string secret, byte[] closed, CancellationToken cancel)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, closed, cancel);
            using var process = await DecryptAsync(secret, file, cancel);
            using var whole = new MemoryStream();
            await process.StandardOutput.BaseStream.CopyToAsync(whole, cancel);
            await EndAsync(process, "A sealed value could not be opened.", cancel);
            return whole.ToArray();
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Waits for the end; a code other than 0 becomes a fault in the program's own words.</summary>
    public static async Task EndAsync(Process process, string wrong, CancellationToken cancel)
    {
        var words = await process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode == 0)
            return;
        var said = string.Join("; ", words.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => !line.Contains("github.com", StringComparison.Ordinal)));
        throw new OperatorFault(wrong, said.Length > 0 ? said : $"age ended with {process.ExitCode}", Advice(said));
    }

    private static string Advice(string said) => said switch
    {
        _ when said.Contains("no identity matched", StringComparison.Ordinal) => "The file was made for another recovery key. Give the key that was printed for the installation that made it.",
        _ when said.Contains("no space left", StringComparison.Ordinal) => "Make room, or choose another place.",
        _ => "The file is damaged or is no backup. Take another copy.",
    };

    private static Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        }
        catch (Win32Exception absent)
        {
            throw new OperatorFault("Backups need the program age, which is missing.", $"{program}: {absent.Message}.", "Install it (as root: apt-get install age), then try again.", absent);
        }
    }

    [GeneratedRegex("AGE-SECRET-KEY-1[0-9A-Z]{58}", RegexOptions.NonBacktracking)]
    private static partial Regex Secret();

    [GeneratedRegex("age1[0-9a-z]{58}", RegexOptions.NonBacktracking)]
    private static partial Regex Recipient();
}
