using System.Globalization;

namespace Appliance.Sensing.Engine.AppLayer.Smb;

/// <summary>Names of numbers: commands (MS-CIFS section 2.2.2.1, MS-SMB2 section 2.2.1), states (MS-ERREF section 2.3), functions and dispositions.</summary>
internal static class SmbNames
{
    private static readonly string[] Two = ["NEGOTIATE_PROTOCOL", "SESSION_SETUP", "SESSION_LOGOFF", "TREE_CONNECT", "TREE_DISCONNECT", "CREATE", "CLOSE", "FLUSH", "READ", "WRITE", "LOCK", "IOCTL",
        "CANCEL", "KEEPALIVE", "FIND", "CHANGE_NOTIFY", "GET_INFO", "SET_INFO", "OPLOCK_BREAK"];

    private static readonly Dictionary<int, string> One = new()
    {
        [0x00] = "CREATE_DIRECTORY", [0x01] = "DELETE_DIRECTORY", [0x02] = "OPEN", [0x03] = "CREATE", [0x04] = "CLOSE", [0x05] = "FLUSH", [0x06] = "DELETE", [0x07] = "RENAME",
        [0x08] = "QUERY_INFORMATION", [0x09] = "SET_INFORMATION", [0x0a] = "READ", [0x0b] = "WRITE", [0x0c] = "LOCK_BYTE_RANGE", [0x0d] = "UNLOCK_BYTE_RANGE", [0x0e] = "CREATE_TEMPORARY",
        [0x0f] = "CREATE_NEW", [0x10] = "CHECK_DIRECTORY", [0x11] = "PROCESS_EXIT", [0x12] = "SEEK", [0x13] = "LOCK_AND_READ", [0x14] = "WRITE_AND_UNLOCK", [0x24] = "LOCKING_ANDX",
        [0x25] = "TRANS", [0x2b] = "ECHO", [0x2e] = "READ_ANDX", [0x2f] = "WRITE_ANDX", [0x32] = "TRANS2", [0x33] = "TRANS2_SECONDARY", [0x34] = "FIND_CLOSE2", [0x71] = "TREE_DISCONNECT",
        [0x72] = "NEGOTIATE_PROTOCOL", [0x73] = "SESSION_SETUP_ANDX", [0x74] = "LOGOFF_ANDX", [0x75] = "TREE_CONNECT_ANDX", [0x80] = "QUERY_INFO_DISK", [0x81] = "SEARCH", [0xa0] = "NT_TRANS",
        [0xa1] = "NT_TRANS_SECONDARY", [0xa2] = "NT_CREATE_ANDX", [0xa4] = "NT_CANCEL", [0xa5] = "NT_RENAME",
    };

    private static readonly Dictionary<uint, string> States = new()
    {
        [0] = "STATUS_SUCCESS", [0x103] = "STATUS_PENDING", [0x10b] = "STATUS_NOTIFY_CLEANUP", [0x10c] = "STATUS_NOTIFY_ENUM_DIR", [0x80000005] = "STATUS_BUFFER_OVERFLOW", [0x80000006] = "STATUS_NO_MORE_FILES",
        [0x8000002d] = "STATUS_STOPPED_ON_SYMLINK", [0xc0000001] = "STATUS_UNSUCCESSFUL", [0xc0000002] = "STATUS_NOT_IMPLEMENTED", [0xc0000003] = "STATUS_INVALID_INFO_CLASS", [0xc0000005] = "STATUS_ACCESS_VIOLATION",
        [0xc0000008] = "STATUS_INVALID_HANDLE", [0xc000000d] = "STATUS_INVALID_PARAMETER", [0xc000000e] = "STATUS_NO_SUCH_DEVICE", [0xc000000f] = "STATUS_NO_SUCH_FILE", [0xc0000010] = "STATUS_INVALID_DEVICE_REQUEST",
        [0xc0000011] = "STATUS_END_OF_FILE", [0xc0000016] = "STATUS_MORE_PROCESSING_REQUIRED", [0xc0000022] = "STATUS_ACCESS_DENIED", [0xc0000023] = "STATUS_BUFFER_TOO_SMALL", [0xc0000033] = "STATUS_OBJECT_NAME_INVALID",
        [0xc0000034] = "STATUS_OBJECT_NAME_NOT_FOUND", [0xc0000035] = "STATUS_OBJECT_NAME_COLLISION", [0xc0000037] = "STATUS_PORT_DISCONNECTED", [0xc0000039] = "STATUS_OBJECT_PATH_INVALID",
        [0xc000003a] = "STATUS_OBJECT_PATH_NOT_FOUND", [0xc000003b] = "STATUS_OBJECT_PATH_SYNTAX_BAD", [0xc0000043] = "STATUS_SHARING_VIOLATION", [0xc0000054] = "STATUS_FILE_LOCK_CONFLICT",
        [0xc0000055] = "STATUS_LOCK_NOT_GRANTED", [0xc0000056] = "STATUS_DELETE_PENDING", [0xc0000064] = "STATUS_NO_SUCH_USER", [0xc000006a] = "STATUS_WRONG_PASSWORD", [0xc000006d] = "STATUS_LOGON_FAILURE",
        [0xc000006e] = "STATUS_ACCOUNT_RESTRICTION", [0xc000006f] = "STATUS_INVALID_LOGON_HOURS", [0xc0000070] = "STATUS_INVALID_WORKSTATION", [0xc0000071] = "STATUS_PASSWORD_EXPIRED",
        [0xc0000072] = "STATUS_ACCOUNT_DISABLED", [0xc000007e] = "STATUS_RANGE_NOT_LOCKED", [0xc000007f] = "STATUS_DISK_FULL", [0xc000009a] = "STATUS_INSUFFICIENT_RESOURCES", [0xc00000ab] = "STATUS_INSTANCE_NOT_AVAILABLE",
        [0xc00000ac] = "STATUS_PIPE_NOT_AVAILABLE", [0xc00000ad] = "STATUS_INVALID_PIPE_STATE", [0xc00000ae] = "STATUS_PIPE_BUSY", [0xc00000b0] = "STATUS_PIPE_DISCONNECTED", [0xc00000b5] = "STATUS_IO_TIMEOUT",
        [0xc00000ba] = "STATUS_FILE_IS_A_DIRECTORY", [0xc00000bb] = "STATUS_NOT_SUPPORTED", [0xc00000c9] = "STATUS_NETWORK_NAME_DELETED", [0xc00000ca] = "STATUS_NETWORK_ACCESS_DENIED",
        [0xc00000cb] = "STATUS_BAD_DEVICE_TYPE", [0xc00000cc] = "STATUS_BAD_NETWORK_NAME", [0xc0000101] = "STATUS_DIRECTORY_NOT_EMPTY", [0xc0000103] = "STATUS_NOT_A_DIRECTORY", [0xc0000120] = "STATUS_CANCELLED",
        [0xc0000128] = "STATUS_FILE_CLOSED", [0xc000014b] = "STATUS_PIPE_BROKEN", [0xc000015b] = "STATUS_LOGON_TYPE_NOT_GRANTED", [0xc000019c] = "STATUS_FS_DRIVER_REQUIRED", [0xc0000203] = "STATUS_USER_SESSION_DELETED",
        [0xc0000205] = "STATUS_INSUFF_SERVER_RESOURCES", [0xc000020c] = "STATUS_CONNECTION_DISCONNECTED", [0xc0000225] = "STATUS_NOT_FOUND", [0xc0000234] = "STATUS_ACCOUNT_LOCKED_OUT",
        [0xc0000257] = "STATUS_PATH_NOT_COVERED", [0xc000035c] = "STATUS_NETWORK_SESSION_EXPIRED",
    };

    private static readonly Dictionary<uint, string> Functions = new()
    {
        [0x00060194] = "FSCTL_DFS_GET_REFERRALS", [0x000601b0] = "FSCTL_DFS_GET_REFERRALS_EX", [0x00090000] = "FSCTL_REQUEST_OPLOCK_LEVEL_1", [0x000900a4] = "FSCTL_SET_REPARSE_POINT", [0x000900a8] = "FSCTL_GET_REPARSE_POINT",
        [0x000900c0] = "FSCTL_CREATE_OR_GET_OBJECT_ID", [0x000900c4] = "FSCTL_SET_SPARSE", [0x00098208] = "FSCTL_FILE_LEVEL_TRIM", [0x0011400c] = "FSCTL_PIPE_PEEK", [0x00110018] = "FSCTL_PIPE_WAIT",
        [0x0011c017] = "FSCTL_PIPE_TRANSCEIVE", [0x001440f2] = "FSCTL_SRV_COPYCHUNK", [0x00144064] = "FSCTL_SRV_ENUMERATE_SNAPSHOTS", [0x00140078] = "FSCTL_SRV_REQUEST_RESUME_KEY", [0x001441bb] = "FSCTL_SRV_READ_HASH",
        [0x001480f2] = "FSCTL_SRV_COPYCHUNK_WRITE", [0x001401d4] = "FSCTL_LMR_REQUEST_RESILIENCY", [0x001401fc] = "FSCTL_QUERY_NETWORK_INTERFACE_INFO", [0x00140204] = "FSCTL_VALIDATE_NEGOTIATE_INFO",
    };

    public static string Command(bool two, int command) =>
        two ? command < Two.Length ? "SMB2_COMMAND_" + Two[command] : command.ToString(CultureInfo.InvariantCulture)
        : One.TryGetValue(command, out string? name) ? "SMB1_COMMAND_" + name : command.ToString(CultureInfo.InvariantCulture);

    public static string State(uint state) => States.TryGetValue(state, out string? name) ? name : string.Create(CultureInfo.InvariantCulture, $"0x{state:x}");

    public static string Function(uint function) => Functions.TryGetValue(function, out string? name) ? name : string.Create(CultureInfo.InvariantCulture, $"{function}");

    public static string Disposition(uint disposition) => disposition switch
    {
        0 => "FILE_SUPERSEDE",
        1 => "FILE_OPEN",
        2 => "FILE_CREATE",
        3 => "FILE_OPEN_IF",
        4 => "FILE_OVERWRITE",
        5 => "FILE_OVERWRITE_IF",
        _ => "UNKNOWN",
    };

    public static string Dialect(int dialect) => dialect switch
    {
        0x0202 => "2.02",
        0x0210 => "2.10",
        0x0222 => "2.22",
        0x0224 => "2.24",
        0x02ff => "2.??",
        0x0300 => "3.00",
        0x0302 => "3.02",
        0x0310 => "3.10",
        0x0311 => "3.11",
        0 => "unknown",
        _ => string.Create(CultureInfo.InvariantCulture, $"{dialect}"),
    };
}
