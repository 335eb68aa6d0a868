using Appliance.Contracts;
using Appliance.Host.Composition;
using Appliance.Host.Trust;
using Appliance.Host.Verbs;
using Appliance.Kernel;
using Appliance.Kernel.Answers;
using Appliance.Kernel.Backup;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Site;

namespace Appliance.Host.Answers;

/// <summary><c>cirt answers …</c>: the file that sets a machine up by itself, from its author's desk to the machine's first boot.</summary>
internal sealed class AnswersVerb(ModuleCatalog catalog, DataFolder data) : IVerb
{
    private const string Usage =
        "Write: cirt answers sections | keygen FILE | seal RECIPIENT (the secret on standard input) | sign FILE KEY | check FILE [--key-file FILE] | disk FILE [--keys FOLDER] [--fingerprint TEXT] | apply FILE [--keys FOLDER] [--fingerprint TEXT] [--key-file FILE]";

    public string Name => "answers";

    public string Summary => "the answer file of a first boot: sections, keygen, seal, sign, check, disk, apply";

    public bool NeedsServices => false;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        var words = input.Arguments.ToList();
        var (keyFile, keys, fingerprint) = (Option(words, "--key-file"), Option(words, "--keys"), Option(words, "--fingerprint"));
        try
        {
            switch (words)
            {
                case ["sections"]:
                    await ListAsync(io, cancel);
                    return 0;
                case ["keygen", var file]:
                    foreach (var line in SigningKey.Make(file))
                        await io.Out.WriteLineAsync(line);
                    return 0;
                case ["seal", var recipient] when AgeProgram.IsRecipient(recipient):
                    await io.Out.WriteLineAsync(await AnswerSeal.SealAsync(recipient, await Console.In.ReadLineAsync(cancel) ?? "", cancel));
                    return 0;
                case ["sign", var file, var key]:
                    Sign(file, key);
                    await io.Out.WriteLineAsync($"{file}.sig and {file}.pub written; fingerprint {SigningKey.FingerprintOf(SigningKey.PublicOf(key))}");
                    return 0;
                case ["check", var file]:
                    await CheckAsync(file, keyFile, io, cancel);
                    return 0;
                case ["disk", var file]:
                    await io.Out.WriteLineAsync(DiskOf(AnswerFile.Open(file, keys, fingerprint)));
                    return 0;
                case ["apply", var file]:
                    return await ApplyAsync(AnswerFile.Open(file, keys, fingerprint), keyFile, io, cancel);
            }
        }
        catch (UntrustedException refused)
        {
            throw new OperatorFault("That key cannot be used.", refused.Message, Usage);
        }
        throw new OperatorFault("The verb 'answers' does not know that.", $"Given: {string.Join(' ', input.Arguments)}", Usage);
    }

    /// <summary>The one answer that is needed before there is a place to keep answers in: whether that place is locked. Of a file that somebody trusted has signed.</summary>
    private static string DiskOf(AnswerFile file)
    {
        var faults = new List<AnswerFault>();
        var disk = AnswerText.Read(file.Text(), faults) is { } tree ? new AnswerMap(tree, faults).Map("machine", map => map.Text("disk", "")) : null;
        return disk == SiteSettings.Unencrypted ? disk : SiteSettings.Encrypted;
    }

    internal static void Sign(string file, string keyFile)
    {
        File.WriteAllText(file + ".sig", SigningKey.Sign(keyFile, AnswerFile.ReadBytes(file)) + "\n");
        File.WriteAllText(file + ".pub", SigningKey.PublicOf(keyFile));
    }

    /// <summary>All sections of this build, the host's own among them.</summary>
    internal static IReadOnlyList<IAnswerSection> Sections(IServiceProvider services, ModuleSet modules) =>
        [.. services.GetServices<IAnswerSection>().Append(new ConfigurationAnswers(modules)).OrderBy(s => s.Order)];

    private static string? Option(List<string> words, string name)
    {
        var at = words.IndexOf(name);
        if (at < 0 || at + 1 >= words.Count)
            return null;
        var value = words[at + 1];
        words.RemoveRange(at, 2);
        return value;
    }

    private static async Task<string?> KeyAsync(string? keyFile, CancellationToken cancel) =>
        keyFile is null ? null : await RecoveryKey.ReadSecretAsync(keyFile, TextReader.Null, cancel);

    private async Task ListAsync(VerbOutput io, CancellationToken cancel)
    {
        await using var services = VerbServices.Build(catalog, data, null, out var modules);
        foreach (var section in Sections(services, modules))
            await io.Out.WriteLineAsync($"{section.Name,-14} {(section.IsRequired ? "required" : section.IsRepeatable ? "any time" : "first   ")}  {section.Summary}".AsMemory(), cancel);
    }

    private async Task CheckAsync(string file, string? keyFile, VerbOutput io, CancellationToken cancel)
    {
        var content = new AnswerFile(AnswerFile.ReadBytes(file), "");
        await using var services = VerbServices.Build(catalog, data, null, out var modules);
        var plan = await AnswerPlan.MakeAsync(content.Text(), Sections(services, modules), await KeyAsync(keyFile, cancel), mustOpen: false, services.GetRequiredService<IText>(), cancel);
        await io.Out.WriteLineAsync($"sound: {string.Join(", ", plan.Steps.Select(s => s.Section.Name))}");
    }

    private async Task<int> ApplyAsync(AnswerFile file, string? keyFile, VerbOutput io, CancellationToken cancel)
    {
        var access = DatabaseAccess.Load(data.DatabaseAccessFile)
            ?? throw new VerbRefusedException($"'cirt answers apply' needs the database, but {data.DatabaseAccessFile} is missing. Run 'cirt migrate' first, or set CIRT_DATA to the appliance's data folder.");
        await using var services = VerbServices.Build(catalog, data, access, out var modules);
        var words = services.GetRequiredService<IText>();
        var plan = await AnswerPlan.MakeAsync(file.Text(), Sections(services, modules), await KeyAsync(keyFile, cancel), mustOpen: true, words, cancel);
        await using var scope = services.CreateAsyncScope();
        return await new AnswerApplication(scope.ServiceProvider, words).RunAsync(file, plan, io, cancel);
    }
}
