using System.Runtime.CompilerServices;
using Xunit;

namespace Appliance.Tests;

/// <summary>
/// The conformance kits: published captures, mails, feeds and bundles, kept beside the checkout because they are large and not ours.
/// <c>APPLIANCE_CONFORMANCE</c> names their directory.
/// </summary>
public static class Kit
{
    /// <summary>Names the directory that holds the kits.</summary>
    public const string Variable = "APPLIANCE_CONFORMANCE";

    /// <summary>The kits' directory, or null where there is none.</summary>
    public static string? Root { get; } = Find();

    /// <summary>The path of a kit's folder or file, or null where it is absent.</summary>
    public static string? Find(string path)
    {
        var place = Root is null ? null : Path.Combine(Root, path);
        return Path.Exists(place) ? place : null;
    }

    /// <summary>The path of a kit's folder or file; for tests marked with <see cref="KitFactAttribute"/>, where it is present.</summary>
    public static string Require(string path) =>
        Find(path) ?? throw new InvalidOperationException($"the kit {path} is absent: mark the test with [KitFact(\"{path}\")]");

    internal static string? Absence(string path) =>
        Find(path) is null ? $"the conformance kit {path} is absent: set {Variable} to the directory that holds it" : null;

    private static string? Find()
    {
        var given = Environment.GetEnvironmentVariable(Variable);
        return Directory.Exists(given) ? Path.GetFullPath(given) : null;
    }
}

/// <summary>A test that needs a conformance kit. Without it the test is skipped and says which is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KitFactAttribute : FactAttribute
{
    /// <param name="kit">Path below the kits' directory, for example <c>mail/</c>.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public KitFactAttribute(string kit, [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = Kit.Absence(kit);
}

/// <summary>A theory that needs a conformance kit. Without it the test is skipped and says which is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KitTheoryAttribute : TheoryAttribute
{
    /// <param name="kit">Path below the kits' directory, for example <c>mail/</c>.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public KitTheoryAttribute(string kit, [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = Kit.Absence(kit);
}
