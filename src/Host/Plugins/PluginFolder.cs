using System.Reflection;
using System.Text.Json;
using Appliance.Host.Trust;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Host.Plugins;

/// <summary>A plug-in as found: loaded, or refused and why.</summary>
/// <param name="Id">The folder's name.</param>
/// <param name="Version">From its manifest; empty where that could not be read.</param>
/// <param name="Signer">The pinned key that signed it.</param>
/// <param name="Refused">Why it is not loaded; null where it is.</param>
/// <param name="Module">Its module.</param>
/// <param name="Assemblies">All it brought.</param>
internal sealed record Plugin(string Id, string Version, string Signer, string? Refused, IModule? Module, IReadOnlyList<Assembly> Assemblies);

/// <summary>The folder <c>plugins/</c>: off by default, and every file of a plug-in stands in a manifest that a pinned key signed. A plug-in that is refused leaves the host as it was.</summary>
internal sealed class PluginFolder(string root)
{
    private const int MostFiles = 200;
    private const long MostBytes = 64L * 1024 * 1024;

    public string Root => root;

    public PinnedKeys Keys { get; } = new(root);

    /// <summary>The configured folder, <c>plugins/</c> of the data folder by default.</summary>
    public static PluginFolder Of(IConfiguration configuration, DataFolder data) =>
        new(configuration["plugins:folder"] is { Length: > 0 } set ? Path.GetFullPath(set) : Path.Combine(data.Root, "plugins"));

    public static bool IsOn(IConfiguration configuration) => configuration.GetValue("plugins:enabled", false);

    /// <summary>Checks and loads every plug-in; <paramref name="taken"/> are ids that the host has itself.</summary>
    public IReadOnlyList<Plugin> Load(IReadOnlySet<string> taken) => [.. Folders().Select(folder => Load(folder, taken))];

    public IEnumerable<string> Folders() =>
        Directory.Exists(root) ? Directory.EnumerateDirectories(root).Where(d => Path.GetFileName(d) is not ("keys" or ".staging")).Order(StringComparer.Ordinal) : [];

    /// <summary>The manifest and the bytes it vouches for, checked against signature and hashes.</summary>
    public (PluginManifest Manifest, string Signer, IReadOnlyDictionary<string, byte[]> Files) Check(string folder)
    {
        var manifestFile = Path.Combine(folder, PluginManifest.FileName);
        var signatureFile = Path.Combine(folder, PluginManifest.SignatureName);
        if (!File.Exists(manifestFile) || !File.Exists(signatureFile))
            throw new UntrustedException("it has no signed manifest");
        FileGuard.DemandFixed(folder);
        var bytes = File.ReadAllBytes(manifestFile);
        if (Keys.SignerOf(bytes, ReadSignature(signatureFile)) is not { } signer)
            throw new UntrustedException("no pinned key signed its manifest");
        var manifest = ReadManifest(bytes);
        if (manifest.Id != Path.GetFileName(folder) || !PluginManifest.IsId(manifest.Id))
            throw new UntrustedException($"it calls itself {manifest.Id}, which is not its folder's name");
        if (manifest.Contract != PluginManifest.Current)
            throw new UntrustedException($"it was built for contract {manifest.Contract}, this release has {PluginManifest.Current}");
        return (manifest, signer, ReadFiles(folder, manifest));
    }

    /// <summary>Every file there is, relative, but for the manifest and its signature.</summary>
    public static IReadOnlyList<string> FilesOf(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/'))
            .Where(f => f is not (PluginManifest.FileName or PluginManifest.SignatureName))
            .Order(StringComparer.Ordinal),
    ];

    private static IReadOnlyDictionary<string, byte[]> ReadFiles(string folder, PluginManifest manifest)
    {
        var found = FilesOf(folder);
        if (found.Count > MostFiles || !found.ToHashSet().SetEquals(manifest.Files.Keys))
            throw new UntrustedException($"its files are not those of its manifest: {string.Join(", ", found.Except(manifest.Files.Keys).Concat(manifest.Files.Keys.Except(found)).Take(5))}");
        var files = new Dictionary<string, byte[]>();
        var total = 0L;
        foreach (var name in found)
        {
            var path = Path.Combine(folder, name);
            FileGuard.DemandFixed(path);
            if ((total += new FileInfo(path).Length) > MostBytes)
                throw new UntrustedException($"it is larger than {MostBytes / 1024 / 1024} MiB");
            var bytes = File.ReadAllBytes(path);
            if (PluginManifest.HashOf(bytes) != manifest.Files[name])
                throw new UntrustedException($"{name} is not the file that was signed");
            files[name] = bytes;
        }
        return files;
    }

    private Plugin Load(string folder, IReadOnlySet<string> taken)
    {
        var id = Path.GetFileName(folder);
        try
        {
            var (manifest, signer, files) = Check(folder);
            if (taken.Contains(id))
                throw new UntrustedException("the appliance has a module of this name itself");
            var context = new PluginContext(id, files);
            var assembly = context.LoadModule(manifest.Assembly);
            var module = assembly.GetTypes().Where(t => t is { IsAbstract: false, IsClass: true } && t.IsAssignableTo(typeof(IModule))).Select(t => (IModule)Activator.CreateInstance(t, nonPublic: true)!).SingleOrDefault()
                ?? throw new UntrustedException($"{manifest.Assembly} holds no module");
            if (module.Id != id)
                throw new UntrustedException($"its module calls itself {module.Id}");
            var all = context.LoadAll();
            DemandOwnTexts(id, all);
            // Described once into the void: what throws here must not take the host down later.
            ModuleBuilder.Describe(module, new ServiceCollection());
            return new(id, manifest.Version, signer, null, module, all);
        }
        catch (UntrustedException refused)
        {
            return new(id, "", "", refused.Message, null, []);
        }
        catch (Exception fault)
        {
            // Somebody else's code, at its first breath: whatever it throws, the host goes on without it.
            return new(id, "", "", $"{fault.GetType().Name}: {fault.Message}", null, []);
        }
    }

    /// <summary>A plug-in's words begin with its id, so that it cannot change what the appliance says.</summary>
    private static void DemandOwnTexts(string id, IEnumerable<Assembly> assemblies)
    {
        foreach (var assembly in assemblies)
            foreach (var name in assembly.GetManifestResourceNames().Where(n => n.Contains(".Text.", StringComparison.Ordinal) && n.EndsWith(".json", StringComparison.Ordinal)))
            {
                using var stream = assembly.GetManifestResourceStream(name)!;
                using var document = JsonDocument.Parse(stream);
                if (document.RootElement.EnumerateObject().FirstOrDefault(p => !p.Name.StartsWith(id + ".", StringComparison.Ordinal)) is { Value.ValueKind: not JsonValueKind.Undefined } other)
                    throw new UntrustedException($"its text '{other.Name}' does not begin with {id}.");
            }
    }

    private static PluginManifest ReadManifest(byte[] bytes)
    {
        try
        {
            return PluginManifest.Read(bytes);
        }
        catch (JsonException)
        {
            throw new UntrustedException("its manifest is no JSON");
        }
    }

    private static byte[] ReadSignature(string file)
    {
        var buffer = new byte[300];
        return Convert.TryFromBase64String(File.ReadAllText(file).Trim(), buffer, out var length) ? buffer[..length] : throw new UntrustedException("its signature is no base 64");
    }
}
