using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect.Keywords;

/// <summary>PCRE2 with its just-in-time compiler, and limits so that no expression can hold up a packet.</summary>
internal static unsafe partial class Pcre2
{
    private const uint MatchLimit = 3500;
    private const uint DepthLimit = 1500;

    [LibraryImport("pcre2-8")]
    private static partial IntPtr pcre2_compile_8(byte* pattern, nuint length, uint options, out int error, out nuint offset, IntPtr context);

    [LibraryImport("pcre2-8")]
    private static partial int pcre2_jit_compile_8(IntPtr code, uint options);

    [LibraryImport("pcre2-8")]
    private static partial int pcre2_get_error_message_8(int error, byte* buffer, nuint length);

    [LibraryImport("pcre2-8")]
    private static partial IntPtr pcre2_match_data_create_8(uint pairs, IntPtr context);

    [LibraryImport("pcre2-8")]
    private static partial IntPtr pcre2_match_context_create_8(IntPtr context);

    [LibraryImport("pcre2-8")]
    private static partial int pcre2_set_match_limit_8(IntPtr context, uint limit);

    [LibraryImport("pcre2-8")]
    private static partial int pcre2_set_depth_limit_8(IntPtr context, uint limit);

    [LibraryImport("pcre2-8")]
    private static partial int pcre2_match_8(IntPtr code, byte* subject, nuint length, nuint start, uint options, IntPtr data, IntPtr context);

    [LibraryImport("pcre2-8")]
    private static partial nuint* pcre2_get_ovector_pointer_8(IntPtr data);

    private static readonly ConcurrentDictionary<(string, uint), IntPtr> Codes = new();
    private static readonly HashSet<IntPtr> Jitted = [];
    private static readonly Lock JitGate = new();

    /// <summary>Compiles the term's expression (once per text); the fault in words when it cannot be.</summary>
    public static string? Check(Term term)
    {
        NativeLibraries.Register();
        if (Codes.TryGetValue((term.Expression, term.PcreOptions), out term.Code)) return null;
        byte[] pattern = Encoding.UTF8.GetBytes(term.Expression);
        try
        {
            fixed (byte* p = pattern)
            {
                byte none = 0;
                IntPtr code = pcre2_compile_8(pattern.Length == 0 ? &none : p, (nuint)pattern.Length, term.PcreOptions, out int error, out nuint offset, IntPtr.Zero);
                if (code == IntPtr.Zero)
                {
                    byte* text = stackalloc byte[256];
                    int length = pcre2_get_error_message_8(error, text, 256);
                    return $"{(length > 0 ? Encoding.UTF8.GetString(text, length) : "not an expression")} at offset {offset}";
                }
                term.Code = Codes.GetOrAdd((term.Expression, term.PcreOptions), code);
                return null;
            }
        }
        catch (DllNotFoundException)
        {
            return "the library libpcre2-8 is missing";
        }
    }

    /// <summary>Compiles to machine code at first use: most expressions of a large set are never reached.</summary>
    public static void Ready(Term term)
    {
        if (term.Ready) return;
        Ready(term.Code);
        term.Ready = true;
    }

    public static void Ready(IntPtr code)
    {
        // the library writes into the expression: nobody may use it until that is done
        lock (JitGate)
            if (Jitted.Add(code)) _ = pcre2_jit_compile_8(code, 1);
    }

    /// <summary>Room for the positions of a match and its groups.</summary>
    public static IntPtr NewMatchData()
    {
        NativeLibraries.Register();
        return pcre2_match_data_create_8(30, IntPtr.Zero);
    }

    public static IntPtr NewContext()
    {
        NativeLibraries.Register();
        IntPtr context = pcre2_match_context_create_8(IntPtr.Zero);
        _ = pcre2_set_match_limit_8(context, MatchLimit);
        _ = pcre2_set_depth_limit_8(context, DepthLimit);
        return context;
    }

    /// <summary>Where a group of the last match lies; false when it took no part.</summary>
    public static bool TryGroup(IntPtr data, int group, out int start, out int end)
    {
        start = end = -1;
        if (group >= 30) return false;
        nuint* vector = pcre2_get_ovector_pointer_8(data);
        if (vector[group * 2] == nuint.MaxValue || vector[group * 2 + 1] < vector[group * 2]) return false;
        start = (int)vector[group * 2];
        end = (int)vector[group * 2 + 1];
        return true;
    }

    /// <summary>End of the first match at or behind <paramref name="start"/>, or -1.</summary>
    public static int Find(IntPtr code, ReadOnlySpan<byte> subject, int start, IntPtr data, IntPtr context, out int matchStart)
    {
        matchStart = -1;
        byte none = 0;
        fixed (byte* s = subject)
        {
            int result = pcre2_match_8(code, s == null ? &none : s, (nuint)subject.Length, (nuint)start, 0, data, context);
            if (result < 0) return -1;
            nuint* vector = pcre2_get_ovector_pointer_8(data);
            matchStart = (int)vector[0];
            return (int)vector[1];
        }
    }
}
