using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Kernel.Backup;

/// <summary><c>cirt backup …</c>: makes a key, writes a backup while the host runs, or looks whether one is whole.</summary>
internal sealed class BackupVerb : IVerb
{
    private const string Usage = "Write: cirt backup FILE | --new-key [--replace] | --check FILE [--key-file FILE]";

    private static readonly Viewer s_operator = Viewer.System("cirt backup");

    public string Name => "backup";

    public string Summary => "write an encrypted backup of everything: FILE | --new-key | --check FILE";

    public bool NeedsServices => true;

    public Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel) => input.Arguments.ToArray() switch
    {
        ["--new-key"] => NewKeyAsync(input.Services, false, io, cancel),
        ["--new-key", "--replace"] => NewKeyAsync(input.Services, true, io, cancel),
        ["--check", var file] => CheckAsync(file, null, io, cancel),
        ["--check", var file, "--key-file", var key] => CheckAsync(file, key, io, cancel),
        [var file] when !file.StartsWith('-') => WriteAsync(input.Services, Path.GetFullPath(file), io, cancel),
        _ => throw new OperatorFault("The verb 'backup' does not know that.", $"Given: {string.Join(' ', input.Arguments)}", Usage),
    };

    private static async Task<int> NewKeyAsync(IServiceProvider services, bool replace, VerbOutput io, CancellationToken cancel)
    {
        await RecoveryKey.MakeAsync(services.GetRequiredService<DataFolder>(), replace, io.Out, cancel);
        await using var work = await services.GetRequiredService<Database>().BeginAsync(s_operator, cancel);
        work.Audit("kernel.backup.key-made", "appliance", new { replaced = replace });
        await work.CommitAsync(cancel);
        return 0;
    }

    private static async Task<int> WriteAsync(IServiceProvider services, string file, VerbOutput io, CancellationToken cancel)
    {
        var (done, took) = await services.GetRequiredService<MakeBackup>().RunAsync(s_operator, file, cancel);
        await io.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{file}: {done.Bytes} bytes; {done.Tables} tables with {done.Rows} rows, {done.Files} files, in {took.TotalSeconds:0.0} s"));
        foreach (var lost in done.Lost)
            await io.Error.WriteLineAsync($"not in the backup: {lost}");
        return done.Lost.Count == 0 ? 0 : 1;
    }

    private static async Task<int> CheckAsync(string file, string? keyFile, VerbOutput io, CancellationToken cancel)
    {
        var secret = await RecoveryKey.ReadSecretAsync(keyFile, Console.In, cancel);
        var (manifest, trailer) = await new BackupReader(Path.GetFullPath(file), secret).ReadAsync(_ => (_, _, _) => Task.CompletedTask, cancel);
        await io.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{file} is whole: made {manifest.MadeAt:yyyy-MM-dd HH:mm} UTC on {manifest.Machine} by release {manifest.Product}; {manifest.Tables.Count} tables with {manifest.Tables.Sum(t => t.Rows)} rows, {trailer.Entries.Count} entries"));
        foreach (var lost in trailer.Lost)
            await io.Error.WriteLineAsync($"not in it: {lost}");
        return 0;
    }
}
