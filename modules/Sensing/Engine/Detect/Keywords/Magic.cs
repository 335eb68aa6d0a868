using System.Runtime.InteropServices;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.Detect.Keywords;

/// <summary>libmagic: what kind of file some bytes begin. One handle per thread, as the library asks.</summary>
internal static unsafe partial class Magic
{
    /// <summary>More than this of a file's beginning is never shown to the library.</summary>
    public const int Most = 64 << 10;

    [LibraryImport("magic")]
    private static partial IntPtr magic_open(int flags);

    [LibraryImport("magic")]
    private static partial int magic_load(IntPtr cookie, byte* path);

    [LibraryImport("magic")]
    private static partial byte* magic_buffer(IntPtr cookie, byte* bytes, nuint length);

    [ThreadStatic]
    private static IntPtr _cookie;

    [ThreadStatic]
    private static bool _failed;

    public static bool Available { get; } = NativeLibraries.Exists("magic");

    /// <summary>The library's words for the bytes; empty when it is missing or has none.</summary>
    public static byte[] Describe(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || !Available || _failed) return [];
        if (_cookie == IntPtr.Zero)
        {
            _cookie = magic_open(0);
            if (_cookie == IntPtr.Zero || magic_load(_cookie, null) != 0)
            {
                _failed = true;
                return [];
            }
        }
        bytes = bytes[..Math.Min(bytes.Length, Most)];
        fixed (byte* b = bytes)
        {
            byte* text = magic_buffer(_cookie, b, (nuint)bytes.Length);
            return text == null ? [] : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text).ToArray();
        }
    }
}
