using System.Reflection;
using System.Runtime.InteropServices;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>GMime 3 (libgmime-3.0.so.0) and what of GLib it needs: the calls that reading header values takes, and no more. Used only in a process of its own.</summary>
/// <remarks>Objects are borrowed unless a comment says otherwise. The structure of a message is read by <see cref="MimeTree"/>, which knows the place of every byte.</remarks>
internal static unsafe partial class GMime
{
    private const string Lib = "libgmime-3.0.so.0";
    private const string GObject = "libgobject-2.0.so.0";
    private const string GLib = "libglib-2.0.so.0";

    /// <summary>False when the library is not installed.</summary>
    public static bool IsPresent => NativeLibrary.TryLoad(Lib, Assembly.GetExecutingAssembly(), null, out _);

    [LibraryImport(Lib, EntryPoint = "g_mime_init")]
    public static partial void Init();

    /// <summary>Owned text: free it.</summary>
    [LibraryImport(Lib, EntryPoint = "g_mime_utils_header_decode_text")]
    public static partial byte* DecodeText(nint options, byte* text);

    /// <summary>Owned, or null.</summary>
    [LibraryImport(Lib, EntryPoint = "internet_address_list_parse")]
    public static partial nint ParseAddresses(nint options, byte* text);

    [LibraryImport(Lib, EntryPoint = "internet_address_list_length")]
    public static partial int AddressCount(nint list);

    [LibraryImport(Lib, EntryPoint = "internet_address_list_get_address")]
    public static partial nint AddressAt(nint list, int index);

    [LibraryImport(Lib, EntryPoint = "internet_address_get_name")]
    public static partial byte* AddressName(nint address);

    [LibraryImport(Lib, EntryPoint = "internet_address_mailbox_get_addr")]
    public static partial byte* MailboxAddress(nint mailbox);

    [LibraryImport(Lib, EntryPoint = "internet_address_group_get_members")]
    public static partial nint GroupMembers(nint group);

    [LibraryImport(Lib, EntryPoint = "internet_address_mailbox_get_type")]
    public static partial nuint MailboxType();

    [LibraryImport(Lib, EntryPoint = "internet_address_group_get_type")]
    public static partial nuint GroupType();

    /// <summary>Owned, or null.</summary>
    [LibraryImport(Lib, EntryPoint = "g_mime_utils_header_decode_date")]
    public static partial nint DecodeDate(byte* text);

    [LibraryImport(GLib, EntryPoint = "g_date_time_to_unix")]
    public static partial long UnixTime(nint dateTime);

    [LibraryImport(GLib, EntryPoint = "g_date_time_unref")]
    public static partial void ReleaseDate(nint dateTime);

    [LibraryImport(GObject, EntryPoint = "g_type_check_instance_is_a")]
    public static partial int IsA(nint instance, nuint type);

    [LibraryImport(GObject, EntryPoint = "g_object_unref")]
    public static partial void Release(nint instance);

    [LibraryImport(GLib, EntryPoint = "g_free")]
    public static partial void Free(void* memory);

    /// <summary>Copies text that the library owns; bytes that are not UTF-8 become replacement characters.</summary>
    public static string? Text(byte* text) => text == null ? null : Marshal.PtrToStringUTF8((nint)text);
}
