using Npgsql;

namespace Appliance.Kernel.Data;

/// <summary>Tells trouble of the server (away, stopping, full, short of memory or connections) from what is wrong with a statement or its values.</summary>
public static class DatabaseTrouble
{
    /// <summary>True when the same statement may well succeed later, unchanged.</summary>
    public static bool Is(Exception fault) => fault switch
    {
        // 53 insufficient resources, 57 operator intervention, 58 system error; a cancelled statement (57014) was merely slow.
        PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } => false,
        PostgresException { SqlState: ['5', '3' or '7' or '8', ..] } => true,
        PostgresException { SqlState: ['0', '8', ..] } => true,
        PostgresException => false,
        NpgsqlException => true,
        _ => fault.InnerException is NpgsqlException inner && Is(inner),
    };

    /// <summary>True when the server refused for want of room on its disk.</summary>
    public static bool IsFullDisk(Exception fault) => fault is PostgresException { SqlState: PostgresErrorCodes.DiskFull };
}
