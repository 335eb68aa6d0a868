using Appliance.Host.Composition;
using Appliance.Host.Trust;
using Appliance.Kernel;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Host.Plugins;

/// <summary><c>cirt plugin …</c>: keys are pinned, plug-ins signed, installed and taken away here, by who owns the machine; the web has no part in it.</summary>
internal sealed class PluginVerb(DataFolder data) : IVerb
{
    private const string Usage = "Write: cirt plugin list | keygen FILE | trust PUBLIC-KEY | distrust FINGERPRINT | sign FOLDER PRIVATE-KEY --id ID --version TEXT --assembly FILE | install FOLDER | remove ID";

    public string Name => "plugin";

    public string Summary => "plug-ins: list, keygen, trust, distrust, sign, install, remove";

    public bool NeedsServices => false;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        var folder = PluginFolder.Of(HostSettings.Load(data, []), data);
        try
        {
            foreach (var line in Run(folder, [.. input.Arguments]))
                await io.Out.WriteLineAsync(line.AsMemory(), cancel);
            return 0;
        }
        catch (UntrustedException refused)
        {
            throw new OperatorFault("The plug-in is refused.", refused.Message, "Mend it, sign it again, then install it again.");
        }
    }

    private static IEnumerable<string> Run(PluginFolder folder, string[] arguments) => arguments switch
    {
        ["list"] => List(folder),
        ["keygen", var file] => SigningKey.Make(file),
        ["trust", var file] => [$"pinned {folder.Keys.Pin(File.ReadAllText(file))}"],
        ["distrust", var name] => folder.Keys.Unpin(name) ? [$"{name} is no longer pinned; its plug-ins are refused from the next start"] : throw new UntrustedException($"no key {name} is pinned"),
        ["sign", var place, var key, "--id", var id, "--version", var version, "--assembly", var assembly] => Sign(place, key, id, version, assembly),
        ["install", var place] => Install(folder, place),
        ["remove", var id] => Remove(folder, id),
        _ => throw new OperatorFault("The verb 'plugin' does not know that.", $"Given: {string.Join(' ', arguments)}", Usage),
    };

    private static IEnumerable<string> List(PluginFolder folder)
    {
        foreach (var key in folder.Keys.Pinned())
            yield return $"key    {Path.GetFileNameWithoutExtension(key)}";
        foreach (var place in folder.Folders())
            yield return $"plugin {Path.GetFileName(place),-20} {StateOf(folder, place)}";
    }

    private static string StateOf(PluginFolder folder, string place)
    {
        try
        {
            var (manifest, signer, _) = folder.Check(place);
            return $"{manifest.Version}, signed by {signer}";
        }
        catch (UntrustedException refused)
        {
            return $"refused: {refused.Message}";
        }
    }

    private static IEnumerable<string> Sign(string place, string keyFile, string id, string version, string assembly)
    {
        if (!PluginManifest.IsId(id))
            throw new UntrustedException($"'{id}' is no id: use a lower-case word");
        var files = PluginFolder.FilesOf(place).ToDictionary(f => f, f => PluginManifest.HashOf(File.ReadAllBytes(Path.Combine(place, f))));
        if (!files.ContainsKey(assembly))
            throw new UntrustedException($"{assembly} is not in {place}");
        var manifest = new PluginManifest(id, version, PluginManifest.Current, assembly, files).Write();
        File.WriteAllBytes(Path.Combine(place, PluginManifest.FileName), manifest);
        File.WriteAllText(Path.Combine(place, PluginManifest.SignatureName), SigningKey.Sign(keyFile, manifest));
        return [$"signed {id} {version}: {files.Count} file(s)"];
    }

    /// <summary>Copies beside, checks there, and only then takes the old one's place.</summary>
    private static IEnumerable<string> Install(PluginFolder folder, string place)
    {
        var id = PluginManifest.Read(File.ReadAllBytes(Path.Combine(place, PluginManifest.FileName))).Id;
        if (!PluginManifest.IsId(id))
            throw new UntrustedException($"'{id}' is no id");
        var staging = Path.Combine(folder.Root, ".staging");
        var fresh = Path.Combine(staging, id);
        if (Directory.Exists(fresh))
            Directory.Delete(fresh, recursive: true);
        foreach (var file in PluginFolder.FilesOf(place).Append(PluginManifest.FileName).Append(PluginManifest.SignatureName))
        {
            var target = Path.Combine(fresh, file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(place, file), target);
        }
        var (manifest, signer, _) = folder.Check(fresh);
        var final = Path.Combine(folder.Root, id);
        if (Directory.Exists(final))
            Directory.Delete(final, recursive: true);
        Directory.Move(fresh, final);
        Directory.Delete(staging, recursive: true);
        return [$"installed {id} {manifest.Version}, signed by {signer}", "now run 'cirt migrate', then start the host again with plugins:enabled set to true"];
    }

    private static IEnumerable<string> Remove(PluginFolder folder, string id)
    {
        var place = Path.Combine(folder.Root, id);
        if (!PluginManifest.IsId(id) || !Directory.Exists(place))
            throw new UntrustedException($"there is no plug-in {id}");
        Directory.Delete(place, recursive: true);
        return [$"removed {id}; its tables stay in the database"];
    }
}
