using System.Runtime.InteropServices;

namespace Appliance.Sensing.Engine.Memory;

/// <summary>What the process keeps of memory that nobody uses any more: the native allocator's share of it and the collector's.</summary>
internal static partial class ProcessMemory
{
    private const int ArenaMax = -8;

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint pad);

    /// <summary>One native heap for all threads: compiling patterns on several would leave each with a heap of its own, mostly empty, for good.</summary>
    public static void ShareOneHeap()
    {
        if (Has(nameof(mallopt)))
            _ = mallopt(ArenaMax, 1);
    }

    /// <summary>Hands back what the native allocator no longer uses, without stopping anything.</summary>
    public static void Trim()
    {
        if (Has(nameof(malloc_trim)))
            _ = malloc_trim(0);
    }

    /// <summary>Hands back what loading rules has left over. Stops all threads for some tenths of a second: only when no packet waits.</summary>
    public static void GiveBack()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, true, true);
        if (Has(nameof(malloc_trim)))
            _ = malloc_trim(0);
    }

    // Both are glibc's own; another C library has no such heaps and gives memory back in its own time.
    private static bool Has(string function) =>
        NativeLibrary.TryLoad("libc.so.6", out nint library) && NativeLibrary.TryGetExport(library, function, out _);
}
