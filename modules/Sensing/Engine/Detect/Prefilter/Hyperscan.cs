using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.Detect.Prefilter;

/// <summary>Hyperscan or Vectorscan, whichever the distribution provides as libhs.so.5.</summary>
internal static unsafe partial class Hyperscan
{
    [LibraryImport("hs")]
    private static partial int hs_compile_lit_multi(byte** expressions, uint* flags, uint* ids, nuint* lengths, uint elements, uint mode, IntPtr platform, out IntPtr database, out IntPtr error);

    [LibraryImport("hs")]
    private static partial int hs_compile_multi(byte** expressions, uint* flags, uint* ids, uint elements, uint mode, IntPtr platform, out IntPtr database, out IntPtr error);

    [LibraryImport("hs")]
    private static partial int hs_free_compile_error(IntPtr error);

    [LibraryImport("hs")]
    internal static partial int hs_free_database(IntPtr database);

    [LibraryImport("hs")]
    internal static partial int hs_alloc_scratch(IntPtr database, ref IntPtr scratch);

    [LibraryImport("hs")]
    internal static partial int hs_free_scratch(IntPtr scratch);

    [LibraryImport("hs")]
    internal static partial int hs_scan(IntPtr database, byte* data, uint length, uint flags, IntPtr scratch, delegate* unmanaged[Cdecl]<uint, ulong, ulong, uint, void*, int> handler, void* context);

    [LibraryImport("hs")]
    private static partial int hs_valid_platform();

    [LibraryImport("hs")]
    private static partial int hs_serialize_database(IntPtr database, out byte* bytes, out nuint length);

    [LibraryImport("hs")]
    private static partial int hs_deserialize_database(byte* bytes, nuint length, out IntPtr database);

    [LibraryImport("hs")]
    private static partial byte* hs_version();

    [LibraryImport("hs")]
    private static partial int hs_populate_platform(byte* platform);

    [LibraryImport("hs")]
    private static partial int hs_expression_info(byte* expression, uint flags, out uint* info, out IntPtr error);

    public const uint CaseLess = 1, DotAll = 2, MultiLine = 4, Prefiltering = 128;
    private const uint SingleMatch = 8, Block = 1;

    public static bool Available { get; } = Look();

    private static bool Look()
    {
        try
        {
            return NativeLibraries.Exists("hs") && hs_valid_platform() == 0;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    public static IntPtr Compile(IReadOnlyList<SearchPattern> patterns)
    {
        int count = patterns.Count;
        IntPtr database = IntPtr.Zero;
        byte** texts = (byte**)NativeMemory.Alloc((nuint)count, (nuint)sizeof(byte*));
        uint[] flags = new uint[count], ids = new uint[count];
        nuint[] lengths = new nuint[count];
        try
        {
            // expressions, not the literal interface: 5.4.0 loses short literals there when a block is only a few bytes long
            for (int literal = 0; literal >= 0 && database == IntPtr.Zero; literal--)
            {
                for (int i = 0; i < count; i++)
                {
                    uint expression = patterns[i].Expression;
                    byte[] bytes = literal == 1 || expression != 0 ? patterns[i].Bytes : Escaped(patterns[i].Bytes);
                    texts[i] = (byte*)NativeMemory.Alloc((nuint)bytes.Length + 1);
                    bytes.CopyTo(new Span<byte>(texts[i], bytes.Length));
                    texts[i][bytes.Length] = 0;
                    lengths[i] = (nuint)bytes.Length;
                    flags[i] = expression != 0 ? SingleMatch | expression : SingleMatch | (patterns[i].NoCase ? CaseLess : 0) | (literal == 1 ? 0 : DotAll);
                    ids[i] = (uint)i;
                }
                fixed (uint* f = flags, n = ids)
                fixed (nuint* l = lengths)
                {
                    int result;
                    IntPtr error;
                    // the literal interface is faster; one build refuses some patterns, the same as escaped expressions pass
                    if (literal == 1) result = hs_compile_lit_multi(texts, f, n, l, (uint)count, Block, IntPtr.Zero, out database, out error);
                    else result = hs_compile_multi(texts, f, n, (uint)count, Block, IntPtr.Zero, out database, out error);
                    if (result != 0)
                    {
                        database = IntPtr.Zero;
                        if (error != IntPtr.Zero) _ = hs_free_compile_error(error);
                    }
                }
                for (int i = 0; i < count; i++) NativeMemory.Free(texts[i]);
            }
        }
        finally
        {
            NativeMemory.Free(texts);
        }
        return database;
    }

    /// <summary>Can the expression be searched for, and does it match nothing empty?</summary>
    public static bool Understands(byte[] expression, uint flags)
    {
        byte[] text = [.. expression, 0];
        fixed (byte* t = text)
        {
            if (hs_expression_info(t, flags, out uint* info, out IntPtr error) != 0)
            {
                if (error != IntPtr.Zero) _ = hs_free_compile_error(error);
                return false;
            }
            bool some = info[0] > 0; // the least bytes of a match
            NativeMemory.Free(info);
            return some;
        }
    }

    /// <summary>What a compiled database hangs on beside its patterns: the library and its version, the processor it was tuned for, and how we ask for it.</summary>
    public static byte[] Platform()
    {
        const int size = 32;         // struct hs_platform_info: tune, CPU features, two reserved
        byte* platform = stackalloc byte[size];
        new Span<byte>(platform, size).Clear();
        _ = hs_populate_platform(platform);
        return [.. "expressions, single match, block;"u8, .. MemoryMarshal.CreateReadOnlySpanFromNullTerminated(hs_version()), .. new ReadOnlySpan<byte>(platform, size)];
    }

    /// <summary>To be freed with <see cref="NativeMemory.Free"/>.</summary>
    public static byte* Serialize(IntPtr database, out nuint length)
    {
        int result = hs_serialize_database(database, out byte* bytes, out length);
        return result == 0 ? bytes : throw new IOException($"compiled patterns cannot be written: the library says {result}");
    }

    /// <summary>Zero when the bytes are none of the library's, or of another version or processor.</summary>
    public static IntPtr Deserialize(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* b = bytes) return hs_deserialize_database(b, (nuint)bytes.Length, out IntPtr database) == 0 ? database : IntPtr.Zero;
    }

    private static byte[] Escaped(byte[] pattern)
    {
        var text = new byte[pattern.Length * 4];
        for (int i = 0; i < pattern.Length; i++)
        {
            text[i * 4] = (byte)'\\';
            text[i * 4 + 1] = (byte)'x';
            text[i * 4 + 2] = "0123456789abcdef"u8[pattern[i] >> 4];
            text[i * 4 + 3] = "0123456789abcdef"u8[pattern[i] & 15];
        }
        return text;
    }

    /// <summary>What a scan writes its matches to: a block of native memory, so that the callback touches nothing managed.</summary>
    internal struct Hits
    {
        public uint* Ids;
        public int Count;
        public int Capacity;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    internal static int OnMatch(uint id, ulong from, ulong to, uint flags, void* context)
    {
        var hits = (Hits*)context;
        // with single-match patterns an id comes at most once, and capacity is the number of patterns
        if (hits->Count < hits->Capacity) hits->Ids[hits->Count++] = id;
        return 0;
    }
}
