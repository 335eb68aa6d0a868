using System.Reflection;
using System.Runtime.InteropServices;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>GMime 3 (libgmime-3.0.so.0) and what of GLib it needs: the calls that reading a message takes, and no more. Used only in a process of its own.</summary>
/// <remarks>Objects are borrowed from the message unless a comment says otherwise; the process frees one message by releasing it.</remarks>
internal static unsafe partial class GMime
{
    private const string Lib = "libgmime-3.0.so.0";
    private const string GObject = "libgobject-2.0.so.0";
    private const string GLib = "libglib-2.0.so.0";

    /// <summary>False when the library is not installed.</summary>
    public static bool IsPresent => NativeLibrary.TryLoad(Lib, Assembly.GetExecutingAssembly(), null, out _);

    [LibraryImport(Lib, EntryPoint = "g_mime_init")]
    public static partial void Init();

    /// <summary>Owned. Copies the bytes.</summary>
    [LibraryImport(Lib, EntryPoint = "g_mime_stream_mem_new_with_buffer")]
    public static partial nint StreamOver(byte* bytes, nuint length);

    /// <summary>Owned.</summary>
    [LibraryImport(Lib, EntryPoint = "g_mime_stream_mem_new")]
    public static partial nint NewStream();

    /// <summary>Borrowed from the stream.</summary>
    [LibraryImport(Lib, EntryPoint = "g_mime_stream_mem_get_byte_array")]
    public static partial ByteArray* BytesOf(nint stream);

    /// <summary>Owned.</summary>
    [LibraryImport(Lib, EntryPoint = "g_mime_parser_new_with_stream")]
    public static partial nint NewParser(nint stream);

    /// <summary>Owned, or null when there is no message.</summary>
    [LibraryImport(Lib, EntryPoint = "g_mime_parser_construct_message")]
    public static partial nint Construct(nint parser, nint options);

    [LibraryImport(Lib, EntryPoint = "g_mime_message_get_mime_part")]
    public static partial nint RootOf(nint message);

    [LibraryImport(Lib, EntryPoint = "g_mime_object_get_header_list")]
    public static partial nint HeadersOf(nint part);

    [LibraryImport(Lib, EntryPoint = "g_mime_header_list_get_count")]
    public static partial int HeaderCount(nint list);

    [LibraryImport(Lib, EntryPoint = "g_mime_header_list_get_header_at")]
    public static partial nint HeaderAt(nint list, int index);

    [LibraryImport(Lib, EntryPoint = "g_mime_header_get_name")]
    public static partial byte* HeaderName(nint header);

    [LibraryImport(Lib, EntryPoint = "g_mime_header_get_offset")]
    public static partial long HeaderOffset(nint header);

    [LibraryImport(Lib, EntryPoint = "g_mime_header_get_raw_value")]
    public static partial byte* HeaderRawValue(nint header);

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

    [LibraryImport(Lib, EntryPoint = "g_mime_object_get_content_type")]
    public static partial nint ContentTypeOf(nint part);

    [LibraryImport(Lib, EntryPoint = "g_mime_content_type_get_media_type")]
    public static partial byte* MediaType(nint contentType);

    [LibraryImport(Lib, EntryPoint = "g_mime_content_type_get_media_subtype")]
    public static partial byte* MediaSubtype(nint contentType);

    [LibraryImport(Lib, EntryPoint = "g_mime_object_get_content_type_parameter", StringMarshalling = StringMarshalling.Utf8)]
    public static partial byte* TypeParameter(nint part, string name);

    [LibraryImport(Lib, EntryPoint = "g_mime_object_get_disposition")]
    public static partial byte* DispositionOf(nint part);

    [LibraryImport(Lib, EntryPoint = "g_mime_object_get_content_id")]
    public static partial byte* ContentIdOf(nint part);

    [LibraryImport(Lib, EntryPoint = "g_mime_part_get_filename")]
    public static partial byte* FileNameOf(nint part);

    [LibraryImport(Lib, EntryPoint = "g_mime_part_get_content")]
    public static partial nint ContentOf(nint part);

    [LibraryImport(Lib, EntryPoint = "g_mime_data_wrapper_write_to_stream")]
    public static partial nint WriteDecoded(nint wrapper, nint stream);

    [LibraryImport(Lib, EntryPoint = "g_mime_multipart_get_count")]
    public static partial int ChildCount(nint multipart);

    [LibraryImport(Lib, EntryPoint = "g_mime_multipart_get_part")]
    public static partial nint ChildAt(nint multipart, int index);

    [LibraryImport(Lib, EntryPoint = "g_mime_message_part_get_message")]
    public static partial nint AttachedMessage(nint part);

    [LibraryImport(Lib, EntryPoint = "g_mime_part_get_type")]
    public static partial nuint PartType();

    [LibraryImport(Lib, EntryPoint = "g_mime_multipart_get_type")]
    public static partial nuint MultipartType();

    [LibraryImport(Lib, EntryPoint = "g_mime_message_part_get_type")]
    public static partial nuint MessagePartType();

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

    /// <summary>Copies the bytes of a C string.</summary>
    public static ReadOnlySpan<byte> Bytes(byte* text) => text == null ? [] : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);

    /// <summary>GByteArray.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ByteArray
    {
        /// <summary>First byte.</summary>
        public byte* Data;

        /// <summary>Number of bytes.</summary>
        public uint Length;
    }
}
