using System.Diagnostics;
using System.Text;

namespace Appliance.Tests;

/// <summary>Somebody elsewhere with a plain gpg and a home of their own: makes keys, encrypts, decrypts and verifies.</summary>
public sealed class ForeignGpg : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("foreign-").FullName;

    /// <summary>Null where it can run, else why not: for Assert.SkipWhen.</summary>
    public static string? Absence => File.Exists("/usr/bin/gpg") ? null : "gpg is not installed";

    /// <summary>Makes a key that signs and encrypts; answers its fingerprint.</summary>
    /// <param name="userId">Name and address.</param>
    /// <param name="expires">As gpg writes it: <c>never</c>, <c>2y</c>, <c>seconds=1</c>.</param>
    /// <param name="passphrase">Of the secret part.</param>
    /// <param name="usage">default, or sign for a key without a part to encrypt to.</param>
    /// <param name="more">Further options, such as a faked time.</param>
    public async Task<string> MakeAsync(string userId, string expires = "never", string passphrase = "", string usage = "default", params string[] more)
    {
        var (_, said) = await RunAsync("", [.. more, "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", passphrase, "--status-fd", "1", "--quick-gen-key", userId, usage == "default" ? "future-default" : "ed25519", usage, expires]);
        return said.Split('\n').First(l => l.StartsWith("[GNUPG:] KEY_CREATED", StringComparison.Ordinal)).Split(' ')[3].Trim();
    }

    /// <summary>The public key in armour.</summary>
    public async Task<string> PublicAsync(string key) => (await RunAsync("", ["--batch", "--armor", "--export", key])).Output;

    /// <summary>The secret key in armour, protected as it was made.</summary>
    public async Task<string> SecretAsync(string key, string passphrase = "") => (await RunAsync("", ["--batch", "--pinentry-mode", "loopback", "--passphrase", passphrase, "--armor", "--export-secret-keys", key])).Output;

    /// <summary>The public key as it is once its owner has taken it back.</summary>
    public async Task<string> RevokedAsync(string key)
    {
        var certificate = Path.Combine(_home, "openpgp-revocs.d", $"{key}.rev");
        await RunAsync((await File.ReadAllTextAsync(certificate)).Replace(":-----BEGIN", "-----BEGIN", StringComparison.Ordinal), ["--batch", "--import"]);
        return await PublicAsync(key);
    }

    /// <summary>Takes a key in.</summary>
    public Task ImportAsync(string key) => RunAsync(key, ["--batch", "--import"]);

    /// <summary>Runs gpg with <paramref name="input"/>; throws with its words when it fails, unless told not to.</summary>
    public async Task<(string Errors, string Output)> RunAsync(string input, string[] arguments, bool mayFail = false)
    {
        var start = new ProcessStartInfo("/usr/bin/gpg", ["--no-tty", "--trust-model", "always", .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardInputEncoding = new UTF8Encoding(false), StandardOutputEncoding = Encoding.UTF8 };
        start.Environment["GNUPGHOME"] = _home;
        start.Environment["LANG"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 || mayFail ? (await errors, await output) : throw new InvalidOperationException($"gpg {string.Join(' ', arguments)}: {await errors}");
    }

    /// <summary>A file beside its keys, for what gpg reads from a file only.</summary>
    public async Task<string> FileAsync(string content)
    {
        var file = Path.Combine(_home, $"{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(file, content, new UTF8Encoding(false));
        return file;
    }

    /// <summary>Ends its agent and deletes its keys.</summary>
    public void Dispose()
    {
        using (var kill = Process.Start(new ProcessStartInfo("/usr/bin/gpgconf", ["--homedir", _home, "--kill", "all"]))!)
            kill.WaitForExit();
        Directory.Delete(_home, recursive: true);
    }
}
