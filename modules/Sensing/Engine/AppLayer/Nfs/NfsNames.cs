using System.Globalization;

namespace Appliance.Sensing.Engine.AppLayer.Nfs;

/// <summary>Procedures, operations and answers of NFS by their numbers (RFC 1094 section 2.2, RFC 1813 section 3.3, RFC 7530 section 16, RFC 8881 section 18).</summary>
internal static class NfsNames
{
    private static readonly string[] Two = ["NULL", "GETATTR", "SETATTR", "ROOT", "LOOKUP", "READLINK", "READ", "WRITECACHE", "WRITE", "CREATE", "REMOVE", "RENAME", "LINK", "SYMLINK", "MKDIR", "RMDIR", "READDIR", "STATFS"];

    private static readonly string[] Three = ["NULL", "GETATTR", "SETATTR", "LOOKUP", "ACCESS", "READLINK", "READ", "WRITE", "CREATE", "MKDIR", "SYMLINK", "MKNOD", "REMOVE", "RMDIR", "RENAME", "LINK", "READDIR",
        "READDIRPLUS", "FSSTAT", "FSINFO", "PATHCONF", "COMMIT"];

    private static readonly string[] Four = ["NULL", "COMPOUND", "", "ACCESS", "CLOSE", "COMMIT", "CREATE", "DELEGPURGE", "DELEGRETURN", "GETATTR", "GETFH", "LINK", "LOCK", "LOCKT", "LOCKU", "LOOKUP", "LOOKUPP",
        "NVERIFY", "OPEN", "OPENATTR", "OPEN_CONFIRM", "OPEN_DOWNGRADE", "PUTFH", "PUTPUBFH", "PUTROOTFH", "READ", "READDIR", "READLINK", "REMOVE", "RENAME", "RENEW", "RESTOREFH", "SAVEFH", "SECINFO", "SETATTR",
        "SETCLIENTID", "SETCLIENTID_CONFIRM", "VERIFY", "WRITE", "RELEASE_LOCKOWNER", "BACKCHANNEL_CTL", "BIND_CONN_TO_SESSION", "EXCHANGE_ID", "CREATE_SESSION", "DESTROY_SESSION", "FREE_STATEID",
        "GET_DIR_DELEGATION", "GETDEVICEINFO", "GETDEVICELIST", "LAYOUTCOMMIT", "LAYOUTGET", "LAYOUTRETURN", "SECINFO_NO_NAME", "SEQUENCE", "SET_SSV", "TEST_STATEID", "WANT_DELEGATION", "DESTROY_CLIENTID",
        "RECLAIM_COMPLETE", "ALLOCATE", "COPY", "COPY_NOTIFY", "DEALLOCATE", "IO_ADVISE", "LAYOUTERROR", "LAYOUTSTATS", "OFFLOAD_CANCEL", "OFFLOAD_STATUS", "READ_PLUS", "SEEK", "WRITE_SAME", "CLONE"];

    private static readonly Dictionary<uint, string> Statuses = new()
    {
        [0] = "OK", [1] = "ERR_PERM", [2] = "ERR_NOENT", [5] = "ERR_IO", [6] = "ERR_NXIO", [13] = "ERR_ACCES", [17] = "ERR_EXIST", [18] = "ERR_XDEV", [19] = "ERR_NODEV", [20] = "ERR_NOTDIR", [21] = "ERR_ISDIR",
        [22] = "ERR_INVAL", [27] = "ERR_FBIG", [28] = "ERR_NOSPC", [30] = "ERR_ROFS", [31] = "ERR_MLINK", [63] = "ERR_NAMETOOLONG", [66] = "ERR_NOTEMPTY", [69] = "ERR_DQUOT", [70] = "ERR_STALE", [71] = "ERR_REMOTE",
        [10001] = "ERR_BADHANDLE", [10002] = "ERR_NOT_SYNC", [10003] = "ERR_BAD_COOKIE", [10004] = "ERR_NOTSUPP", [10005] = "ERR_TOOSMALL", [10006] = "ERR_SERVERFAULT", [10007] = "ERR_BADTYPE", [10008] = "ERR_JUKEBOX",
    };

    public static string Procedure(int version, uint number)
    {
        string[] names = version switch { 2 => Two, 3 => Three, _ => Four };
        return number < names.Length && names[number].Length > 0 ? names[number] : number.ToString(CultureInfo.InvariantCulture);
    }

    public static string Status(uint status) => Statuses.TryGetValue(status, out string? name) ? name : status.ToString(CultureInfo.InvariantCulture);
}
