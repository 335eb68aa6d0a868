using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Appliance.Architecture.References;

/// <summary>What an assembly uses, read from its metadata: assemblies, and types with their namespaces.</summary>
internal sealed record AssemblyFacts(string Name, IReadOnlyList<string> Assemblies, IReadOnlyList<string> Types)
{
    public static AssemblyFacts Read(byte[] assembly)
    {
        using var file = new PEReader(new MemoryStream(assembly));
        var metadata = file.GetMetadataReader();
        return new(
            metadata.GetString(metadata.GetAssemblyDefinition().Name),
            [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))],
            [.. metadata.TypeReferences.Select(handle => metadata.GetTypeReference(handle)).Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")]);
    }
}
