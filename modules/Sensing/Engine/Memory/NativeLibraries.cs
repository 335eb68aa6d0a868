using System.Reflection;
using System.Runtime.InteropServices;

namespace Appliance.Sensing.Engine.Memory;

/// <summary>Finds the distribution's libraries by soname, without the -dev links.</summary>
internal static class NativeLibraries
{
    private static readonly Dictionary<string, string[]> Sonames = new()
    {
        ["hs"] = ["libhs.so.5", "libhs.so"], ["pcre2-8"] = ["libpcre2-8.so.0", "libpcre2-8.so"], ["magic"] = ["libmagic.so.1", "libmagic.so"], ["pcap"] = ["libpcap.so.0.8", "libpcap.so.1", "libpcap.so"],
    };

    private static readonly Lock Gate = new();
    private static bool _registered;

    public static void Register()
    {
        lock (Gate)
        {
            if (_registered) return;
            NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);
            _registered = true;
        }
    }

    public static bool Exists(string name)
    {
        Register();
        foreach (string soname in Sonames[name])
            if (NativeLibrary.TryLoad(soname, out _)) return true;
        return false;
    }

    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (Sonames.TryGetValue(name, out string[]? sonames))
            foreach (string soname in sonames)
                if (NativeLibrary.TryLoad(soname, out IntPtr handle)) return handle;
        return IntPtr.Zero;
    }
}
