using System.Globalization;
using Appliance.Kernel.Modules;
using Appliance.Sensing.Engine;
using Appliance.Sensing.Rules;

namespace Appliance.Sensing.Verbs;

/// <summary>
/// <c>cirt rules check [--text] FILE…</c>: says which rules would not load, by file, line, sid, keyword and reason, as JSON or a line each. Files may be lists of rules or archives of them.
/// Ends with 0 when all load, 1 when one does not, 2 when a file cannot be read.
/// </summary>
internal sealed class RulesVerb : IVerb
{
    public string Name => "rules";

    public string Summary => "rules check [--text] FILE… say which rules would not load, and why, as JSON or as text";

    public bool NeedsServices => false;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        List<string> files = [.. input.Arguments.Skip(1).Where(static a => a != "--text")];
        if (input.Arguments.Count < 2 || input.Arguments[0] != "check" || files.Count == 0)
        {
            await io.Error.WriteLineAsync("Nothing to check was named. Write: cirt rules check [--text] FILE…");
            return 2;
        }
        var lists = new List<(string, string)>();
        foreach (var path in files)
        {
            if (!File.Exists(path))
            {
                await io.Error.WriteLineAsync($"There is no file '{path}'. Give the path of a rules file or archive.");
                return 2;
            }
            var read = RuleArchive.Read(NameOf(path), await File.ReadAllBytesAsync(path, cancel));
            if (!read.TryGet(out var found))
            {
                await io.Error.WriteLineAsync($"{path} holds no rules: {string.Join(' ', read.Refusals[0].Arguments)}. Give a .rules file or an archive of them.");
                return 2;
            }
            lists.AddRange(found.Where(static f => f.Kind == "rules").Select(f => (f.Name == NameOf(path) ? path : $"{path}/{f.Name}", f.Body)));
        }
        var result = RuleCheck.RunTexts(lists);
        if (!input.Arguments.Contains("--text"))
        {
            await io.Out.WriteLineAsync(result.ToJson());
            return result.Failed == 0 ? 0 : 1;
        }
        foreach (var fault in result.Errors)
            await io.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{fault.File}:{fault.Line}: sid {(fault.Sid == 0 ? "-" : fault.Sid.ToString(CultureInfo.InvariantCulture))}: {(fault.Keyword.Length == 0 ? "" : fault.Keyword + ": ")}{fault.Reason}"));
        await io.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{result.Loaded} rules load, {result.Failed} do not, {result.Skipped} are left out by their own wish"));
        return result.Failed == 0 ? 0 : 1;
    }

    /// <summary>A list of rules may be called anything.</summary>
    private static string NameOf(string path) =>
        Path.GetFileName(path) is var name && Path.GetExtension(name) is ".rules" or ".txt" or ".gz" or ".tgz" or ".tar" or ".zip" ? name : name + ".rules";
}
