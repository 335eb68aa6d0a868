using System.Runtime.InteropServices;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>
/// Takes from this process what a parser never needs, before it reads its first byte: sockets, other programs, files to write, core dumps, unbounded memory and
/// processor time. No privilege is needed for it and none can be got back.
/// </summary>
/// <remarks>
/// System calls are refused by a seccomp filter laid over all threads (SECCOMP_FILTER_FLAG_TSYNC), since unshare(2) would reach only the calling thread of a
/// process that already has several. RLIMIT_AS is not set: the runtime reserves far more address space than it uses; RLIMIT_DATA bounds what it really takes.
/// </remarks>
internal static unsafe partial class Confinement
{
    private const int RlimitCpu = 0, RlimitData = 2, RlimitCore = 4, RlimitNoFile = 7;

    private const int SetNoNewPrivileges = 38;

    private const uint Allow = 0x7fff0000, RefuseNotPermitted = 0x00050000 | 1;

    private const ushort LoadWord = 0x20, JumpEqual = 0x15, JumpAnySet = 0x45, Return = 0x06;

    /// <summary>O_WRONLY, O_RDWR and O_CREAT.</summary>
    private const uint OpensForWriting = 0x1 | 0x2 | 0x40;

    /// <summary>
    /// socket connect accept sendto sendmsg bind listen socketpair fork vfork execve ptrace rename mkdir rmdir creat link unlink symlink chmod chown mount setns
    /// unshare keyctl unlinkat renameat renameat2 mkdirat linkat symlinkat process_vm_readv process_vm_writev open_by_handle_at bpf userfaultfd execveat
    /// io_uring_setup openat2 pidfd_getfd, by their numbers on x86-64.
    /// </summary>
    private static ReadOnlySpan<uint> RefusedOnX64 =>
        [41, 42, 43, 44, 46, 49, 50, 53, 57, 58, 59, 101, 82, 83, 84, 85, 86, 87, 88, 90, 92, 165, 308, 272, 250, 263, 264, 316, 258, 265, 266, 310, 311, 304, 321, 323, 322, 425, 437, 438];

    private static ReadOnlySpan<uint> RefusedOnArm64 =>
        [198, 203, 202, 206, 211, 200, 201, 199, 221, 117, 38, 276, 34, 35, 36, 37, 40, 268, 97, 219, 270, 271, 265, 280, 282, 281, 425, 437, 438];

    /// <summary>Confines the process for good. Answers what could not be done, empty when all of it was.</summary>
    public static string Apply(int cpuSeconds, int dataMegabytes)
    {
        var missing = new List<string>();
        Limit(RlimitCore, 0, "core dumps", missing);
        Limit(RlimitNoFile, 256, "open files", missing);
        Limit(RlimitCpu, (nuint)cpuSeconds, "processor time", missing);
        Limit(RlimitData, (nuint)dataMegabytes * 1024 * 1024, "memory", missing);
        if (!FilterSystemCalls())
            missing.Add("system calls");
        return string.Join(", ", missing);
    }

    private static void Limit(int resource, nuint value, string name, List<string> missing)
    {
        var limit = new ResourceLimit { Current = value, Most = value };
        if (SetLimit(resource, &limit) != 0)
            missing.Add(name);
    }

    private static bool FilterSystemCalls()
    {
        var (audit, seccomp, openAt, refused) = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => (0xC000003Eu, 317, 257u, RefusedOnX64.ToArray()),
            Architecture.Arm64 => (0xC00000B7u, 277, 56u, RefusedOnArm64.ToArray()),
            _ => (0u, 0, 0u, []),
        };
        if (seccomp == 0 || PrCtl(SetNoNewPrivileges, 1, 0, 0, 0) != 0)
            return false;
        // struct seccomp_data: number at 0, architecture at 4, arguments from 16, eight bytes each.
        var code = new List<Instruction>
        {
            new(LoadWord, 0, 0, 4),
            new(JumpEqual, 1, 0, audit),
            new(Return, 0, 0, RefuseNotPermitted),
            new(LoadWord, 0, 0, 0),
            new(JumpEqual, 0, 3, openAt),
            new(LoadWord, 0, 0, 16 + (2 * 8)),
            new(JumpAnySet, 0, 1, OpensForWriting),
            new(Return, 0, 0, RefuseNotPermitted),
            new(LoadWord, 0, 0, 0),
        };
        foreach (var number in refused)
        {
            code.Add(new(JumpEqual, 0, 1, number));
            code.Add(new(Return, 0, 0, RefuseNotPermitted));
        }
        code.Add(new(Return, 0, 0, Allow));
        fixed (Instruction* first = CollectionsMarshal.AsSpan(code))
        {
            var program = new FilterProgram { Length = (ushort)code.Count, First = first };
            return SystemCall(seccomp, 1, 1, &program) == 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, ResourceLimit* limit);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int PrCtl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint SystemCall(nint number, nint operation, nint flags, FilterProgram* program);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public nuint Current;
        public nuint Most;
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Value);

    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        public ushort Length;
        public Instruction* First;
    }
}
