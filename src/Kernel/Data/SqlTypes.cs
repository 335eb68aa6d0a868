using System.Data;
using System.Net;
using Appliance.Contracts;
using Dapper;
using Npgsql;
using NpgsqlTypes;

namespace Appliance.Kernel.Data;

/// <summary>Teaches Dapper the types that the schema uses: inet, strong ids, snake_case columns. Times are UTC in both directions.</summary>
internal static class SqlTypes
{
    private static int s_done;

    public static void Register()
    {
        if (Interlocked.Exchange(ref s_done, 1) == 1)
            return;
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.AddTypeHandler(new AddressHandler());
        SqlMapper.AddTypeHandler(new NetworkHandler());
        SqlMapper.AddTypeHandler(new TimeHandler());
        Id(static v => new UserId(v), static v => v.Value);
        Id(static v => new ConstituentId(v), static v => v.Value);
        Id(static v => new AlertGroupId(v), static v => v.Value);
        Id(static v => new IncidentId(v), static v => v.Value);
        Id(static v => new AdvisoryId(v), static v => v.Value);
        Id(static v => new PeerId(v), static v => v.Value);
        Id(static v => new MailId(v), static v => v.Value);
        Id(static v => new EventId(v), static v => v.Value);
    }

    private static void Id<T>(Func<Guid, T> make, Func<T, Guid> read)
        where T : struct => SqlMapper.AddTypeHandler(new IdHandler<T>(make, read));

    private sealed class IdHandler<T>(Func<Guid, T> make, Func<T, Guid> read) : SqlMapper.TypeHandler<T>
        where T : struct
    {
        public override T Parse(object value) => make((Guid)value);

        public override void SetValue(IDbDataParameter parameter, T value) => parameter.Value = read(value);
    }

    private sealed class AddressHandler : SqlMapper.TypeHandler<IPAddress>
    {
        public override IPAddress? Parse(object value) => value switch
        {
            IPAddress address => address,
            NpgsqlInet inet => inet.Address,
            _ => IPAddress.Parse(value.ToString()!),
        };

        public override void SetValue(IDbDataParameter parameter, IPAddress? value)
        {
            ((NpgsqlParameter)parameter).NpgsqlDbType = NpgsqlDbType.Inet;
            parameter.Value = (object?)value ?? DBNull.Value;
        }
    }

    private sealed class NetworkHandler : SqlMapper.TypeHandler<IPNetwork>
    {
        public override IPNetwork Parse(object value) => value is IPNetwork network ? network : IPNetwork.Parse(value.ToString()!);

        public override void SetValue(IDbDataParameter parameter, IPNetwork value)
        {
            ((NpgsqlParameter)parameter).NpgsqlDbType = NpgsqlDbType.Cidr;
            parameter.Value = value;
        }
    }

    private sealed class TimeHandler : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public override DateTimeOffset Parse(object value) => value switch
        {
            DateTimeOffset time => time.ToUniversalTime(),
            DateTime time => new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)),
            _ => throw new InvalidCastException($"cannot read a time from {value.GetType().Name}"),
        };

        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value) => parameter.Value = value.UtcDateTime;
    }
}
