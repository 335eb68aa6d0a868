using System.Reflection;
using Appliance.Tests;

namespace Appliance.Architecture;

/// <summary>What the rules look at: our assemblies beside the tests, and our files in the checkout.</summary>
internal static class Product
{
    private static readonly string[] s_rooms = ["src", "modules", "tests", "appliance", "docs"];

    /// <summary>The assemblies that ship, by name.</summary>
    public static IReadOnlyList<string> AssemblyFiles { get; } =
    [
        .. Directory.GetFiles(AppContext.BaseDirectory, "Appliance.*.dll")
            .Append(Path.Combine(AppContext.BaseDirectory, "cirt.dll"))
            .Where(file => !Path.GetFileName(file).Contains("Tests", StringComparison.Ordinal) && !file.EndsWith("Analyzers.dll", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    public static IReadOnlyList<Assembly> Assemblies { get; } =
        [.. AssemblyFiles.Select(file => Assembly.Load(new AssemblyName(Path.GetFileNameWithoutExtension(file))))];

    /// <summary>The modules' names: the folders under <c>modules/</c>.</summary>
    public static IReadOnlyList<string> Modules { get; } =
        [.. Directory.GetDirectories(Checkout.At("modules")).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    /// <summary>Files of the checkout with one of the endings, relative to its root, without what was built.</summary>
    public static IEnumerable<string> Files(params string[] endings) => s_rooms
        .Select(room => Checkout.At(room))
        .Where(Directory.Exists)
        .SelectMany(room => Directory.EnumerateFiles(room, "*", SearchOption.AllDirectories))
        .Concat(Directory.EnumerateFiles(Checkout.Root))
        .Select(file => Path.GetRelativePath(Checkout.Root, file))
        .Where(file => !file.Split('/').Any(part => part is "bin" or "obj" or "node_modules"))
        .Where(file => endings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal)))
        .Order(StringComparer.Ordinal);

    public static string Read(string file) => File.ReadAllText(Checkout.At(file));
}
