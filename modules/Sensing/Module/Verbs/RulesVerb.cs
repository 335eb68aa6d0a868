using System.Globalization;
using Appliance.Kernel.Modules;
using Appliance.Sensing.Rules;

namespace Appliance.Sensing.Verbs;

/// <summary><c>cirt rules check FILE…</c>: says which rules would not load, by file, line, sid, keyword and reason.</summary>
internal sealed class RulesVerb : IVerb
{
    public string Name => "rules";

    public string Summary => "rules check FILE…          say which rules would not load, and why";

    public bool NeedsServices => false;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        if (input.Arguments.Count < 2 || input.Arguments[0] != "check")
        {
            await io.Error.WriteLineAsync("Nothing to check was named. Write: cirt rules check FILE…");
            return 2;
        }
        var (rules, wrong) = (0, 0);
        foreach (var path in input.Arguments.Skip(1))
        {
            if (!File.Exists(path))
            {
                await io.Error.WriteLineAsync($"There is no file '{path}'. Give the path of a rules file or archive.");
                return 2;
            }
            var read = RuleArchive.Read(Path.GetFileName(path), await File.ReadAllBytesAsync(path, cancel));
            if (!read.TryGet(out var files))
            {
                await io.Error.WriteLineAsync($"{path} holds no rules: {string.Join(' ', read.Refusals[0].Arguments)}. Give a .rules file or an archive of them.");
                return 2;
            }
            foreach (var file in files.Where(static f => f.Kind == "rules"))
            {
                var scanned = RuleScanner.Scan(file.Body);
                var faults = new RuleChecker().Check(file.Name, scanned);
                rules += scanned.Count(static r => r.IsOn);
                foreach (var rule in scanned.Where(r => faults.ContainsKey(r.Line)))
                {
                    wrong++;
                    var fault = faults[rule.Line];
                    await io.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{file.Name}:{rule.Line}: sid {rule.Sid?.ToString(CultureInfo.InvariantCulture) ?? "-"}: {(fault.Keyword is null ? "" : fault.Keyword + ": ")}{fault.Reason}"));
                }
            }
        }
        await io.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{rules} rules, {wrong} with an error"));
        return wrong == 0 ? 0 : 1;
    }
}
