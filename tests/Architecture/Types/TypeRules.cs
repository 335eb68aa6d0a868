using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Hosting;

namespace Appliance.Architecture.Types;

/// <summary>How types are named and closed.</summary>
internal static class TypeRules
{
    private static readonly string[] s_banned = ["Helper", "Helpers", "Util", "Utils", "Manager", "Processor", "Info", "Data", "Repository"];

    /// <summary>Classes that another could inherit from although none does.</summary>
    public static IEnumerable<string> Open(IReadOnlyList<Type> types)
    {
        var parents = types.Select(type => Plain(type.BaseType)).Where(type => type is not null).ToHashSet();
        return types
            .Where(type => type is { IsClass: true, IsSealed: false, IsAbstract: false } && !parents.Contains(type))
            // Razor writes the classes of components and leaves them open.
            .Where(type => !type.IsAssignableTo(typeof(IComponent)) && type.Name != "_Imports")
            .Select(type => $"{type.FullName} is open and has no heir: seal it");
    }

    /// <summary>Names that say nothing.</summary>
    public static IEnumerable<string> Hollow(IReadOnlyList<Type> types)
    {
        foreach (var type in types)
        {
            var name = type.Name.Split('`')[0];
            if (s_banned.FirstOrDefault(end => name.EndsWith(end, StringComparison.Ordinal)) is { } banned)
                yield return $"{type.FullName} ends in {banned}: take the field's word for what it is";
            if (name.EndsWith("Service", StringComparison.Ordinal) && !type.IsAssignableTo(typeof(IHostedService)))
                yield return $"{type.FullName} is called Service but is no long-running worker";
        }
    }

    /// <summary>Our types, without what the compiler and its generators make.</summary>
    public static IReadOnlyList<Type> Of(IEnumerable<Assembly> assemblies) =>
    [
        .. assemblies.SelectMany(assembly => assembly.GetTypes()).Where(type =>
            !type.IsDefined(typeof(CompilerGeneratedAttribute), false)
            && !type.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute), false)
            && type.DeclaringType?.IsDefined(typeof(CompilerGeneratedAttribute), false) != true
            && !type.Name.Contains('<', StringComparison.Ordinal)
            && type.FullName is { } name && (name.StartsWith("Appliance.", StringComparison.Ordinal) || !name.Contains('.', StringComparison.Ordinal))
            && type.Name != "Program"),
    ];

    private static Type? Plain(Type? type) => type is { IsGenericType: true } ? type.GetGenericTypeDefinition() : type;
}
