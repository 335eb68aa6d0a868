using Appliance.Contracts;
using Appliance.Host.Answers;
using Appliance.Host.Composition;
using Appliance.Host.Trust;
using Appliance.Host.Verbs;
using Appliance.Kernel;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Host.Provision;

/// <summary><c>cirt provision SHEET --out FOLDER</c>: the engineer's tool. From one sheet a folder for each country, and one for the centre.</summary>
internal sealed class ProvisionVerb(ModuleCatalog catalog, DataFolder data) : IVerb
{
    private const string Usage = "Write: cirt provision SHEET.csv|SHEET.yaml --out FOLDER | --template";
    private const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Name => "provision";

    public string Summary => "from a rollout sheet (CSV or YAML): answer files, keys, printed cards, profiles, letters and the centre's enrolments: SHEET --out FOLDER | --template";

    public bool NeedsServices => false;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        switch (input.Arguments.ToArray())
        {
            case ["--template"]:
                await io.Out.WriteLineAsync(string.Join(',', RolloutSheet.Columns.Select(c => c.Name)));
                foreach (var (name, meaning, required) in RolloutSheet.Columns)
                    await io.Error.WriteLineAsync($"{name,-14} {(required ? "required" : "        ")} {meaning}");
                return 0;
            case [var sheet, "--out", var folder]:
                await ProvisionAsync(sheet, folder, io, cancel);
                return 0;
            default:
                throw new OperatorFault("The verb 'provision' does not know that.", $"Given: {string.Join(' ', input.Arguments)}", Usage);
        }
    }

    private async Task ProvisionAsync(string sheet, string folder, VerbOutput io, CancellationToken cancel)
    {
        await using var services = VerbServices.Build(catalog, data, null, out var modules);
        var packages = await JudgeAsync(sheet, folder, services, modules, cancel);

        // From here on everything is sound; only now is anything written.
        Directory.CreateDirectory(folder);
        var key = Path.Combine(folder, "rollout.pem");
        if (!File.Exists(key))
            foreach (var line in SigningKey.Make(key))
                await io.Out.WriteLineAsync(line);
        var pages = new PrintedPages(services.GetRequiredService<IText>(), services.GetRequiredService<TimeProvider>());
        foreach (var package in packages)
            await WriteAsync(package, Path.Combine(folder, package.Country), key, pages, cancel);
        if (packages.Any(p => p.PeerPassword is not null))
        {
            var peers = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "hub")).FullName, $"peers-{services.GetRequiredService<TimeProvider>().GetUtcNow():yyyyMMdd-HHmmss}.yaml");
            await File.WriteAllTextAsync(peers, "answers: 1\npeers:\n" + string.Concat(packages.Where(p => p.PeerPassword is not null).Select(p => p.PeerLine())), cancel);
            AnswersVerb.Sign(peers, key);
            await io.Out.WriteLineAsync($"at the centre: cirt answers apply {peers} --fingerprint {SigningKey.FingerprintOf(SigningKey.PublicOf(key))}");
        }
        await io.Out.WriteLineAsync($"{packages.Count} countries in {folder}. The cards hold secrets: print them, hand them over, delete card.html and machine-key.");
    }

    /// <summary>Every fault of every row: of the sheet, and of the answer file it would become.</summary>
    private static async Task<IReadOnlyList<CountryPackage>> JudgeAsync(string sheet, string folder, IServiceProvider services, ModuleSet modules, CancellationToken cancel)
    {
        var faults = new List<string>();
        var rows = RolloutSheet.Read(sheet, faults);
        var packages = new List<CountryPackage>();
        foreach (var row in rows.Where(r => r["country"].Length == 2 && r["country"].All(char.IsAsciiLetter)))
        {
            var package = await CountryPackage.MakeAsync(row, cancel);
            packages.Add(package);
            if (Directory.Exists(Path.Combine(folder, package.Country)))
                faults.Add($"line {row.Line}: {Path.Combine(folder, package.Country)} is there already; a card that was printed is never made anew. Move it away");
            try
            {
                await AnswerPlan.MakeAsync(package.Answers, AnswersVerb.Sections(services, modules), null, mustOpen: false, services.GetRequiredService<IText>(), cancel);
            }
            catch (OperatorFault fault)
            {
                faults.AddRange(fault.Particulars.Split('\n').Select(f => $"line {row.Line}: {f.Trim()[(f.Trim().IndexOf(": ", StringComparison.Ordinal) + 2)..]}"));
            }
        }
        foreach (var row in rows.Where(r => r["country"].Length > 0 && !(r["country"].Length == 2 && r["country"].All(char.IsAsciiLetter))))
            faults.Add($"line {row.Line}: country is '{row["country"]}'; write two letters");
        return faults.Count == 0 ? packages : throw new OperatorFault($"The rollout sheet has {faults.Count} fault(s); nothing was written.", string.Join("\n  ", faults), "Mend them all, then try again.");
    }

    private static async Task WriteAsync(CountryPackage package, string place, string key, PrintedPages pages, CancellationToken cancel)
    {
        // Made beside its place and moved there whole: a card without its answer file would be worse than none.
        var making = place + ".making";
        if (Directory.Exists(making))
            Directory.Delete(making, recursive: true);
        Directory.CreateDirectory(making, OnlyOwner | UnixFileMode.UserExecute);
        var fingerprint = SigningKey.FingerprintOf(SigningKey.PublicOf(key));
        var answers = Path.Combine(making, "answers.yaml");
        await File.WriteAllTextAsync(answers, package.Answers, cancel);
        AnswersVerb.Sign(answers, key);
        foreach (var (name, content) in new[] { ("card.html", pages.Card(package, fingerprint)), ("machine-key", package.MachineKey + "\n"), ("profile.html", pages.Profile(package)), ("letter.html", pages.Letter(package, fingerprint)) })
        {
            await using var stream = new StreamWriter(new FileStream(Path.Combine(making, name), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OnlyOwner }));
            await stream.WriteAsync(content.AsMemory(), cancel);
        }
        Directory.Move(making, place);
    }
}
