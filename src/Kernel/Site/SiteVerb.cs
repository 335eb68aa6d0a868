using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Site;

/// <summary><c>cirt site render FOLDER</c>: writes what the machine's own services read, from <c>site.json</c>. Run as root at each boot, before the network comes up.</summary>
internal sealed class SiteVerb(DataFolder data) : IVerb
{
    public string Name => "site";

    public string Summary => "the machine's place: show | render FOLDER (network, time, firewall and log forwarding below that folder)";

    public bool NeedsServices => false;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        var site = SiteSettings.Load(data);
        var faults = site.Faults().ToList();
        foreach (var (member, reason) in faults)
            await io.Error.WriteLineAsync($"site.json: {member} {reason}");
        // A machine that cannot be reached helps nobody: with a wrong file it comes up as a new one does.
        var used = faults.Count == 0 ? site : new();
        switch (input.Arguments.ToArray())
        {
            case ["show"]:
                foreach (var (path, text) in SiteFiles.Of(used))
                    await io.Out.WriteLineAsync($"# {path}\n{text}");
                break;
            case ["render", { Length: > 0 } folder]:
                foreach (var (path, text) in SiteFiles.Of(used))
                {
                    var file = Path.Combine(folder, path);
                    Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                    await File.WriteAllTextAsync(file, text, cancel);
                }
                break;
            default:
                throw new OperatorFault("The verb 'site' does not know that.", $"Given: {string.Join(' ', input.Arguments)}", "Write: cirt site show | render FOLDER");
        }
        return faults.Count == 0 ? 0 : 1;
    }
}
