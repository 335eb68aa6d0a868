namespace Appliance.Sensing.Filter;

/// <summary>Ends of the queries behind suggestions, where two bars ask alike. Each goes on after <c>with looked as materialized (...), found as (</c> and counts values of <c>looked</c>.</summary>
internal static class HintSql
{
    /// <summary>Orders and cuts what was counted as <c>found (value, about, count)</c>.</summary>
    public const string Best =
        """
        select f.value, f.about, f.count, (select count(*) from looked) as looked
        from found f
        where f.value <> '' and (@like::text is null or f.value ilike @like or f.about ilike '%' || @like)
        order by f.count desc, f.value
        limit @most
        """;

    /// <summary>A port of either end.</summary>
    public const string Port =
        $"""
            select p.port::text as value, null::text as about, count(*) as count
            from looked l cross join lateral (select l.src_port as port union select l.dst_port) p where p.port is not null group by p.port)
        {Best}
        """;

    /// <summary>The protocol of the transport or of what it carries. A quote could not be said in a bar: such a value is left out, here as below.</summary>
    public const string Proto =
        $"""
            select p.proto as value, null::text as about, count(*) as count
            from looked l cross join lateral (select lower(l.proto) as proto union select l.app_proto) p where p.proto not like '%"%' group by p.proto)
        {Best}
        """;

    /// <summary>A host name that the record names.</summary>
    public const string Name = $"""select name as value, null::text as about, count(*) as count from looked where name not like '%"%' group by name) {Best}""";

    /// <summary>The sensor that saw it.</summary>
    public const string Sensor =
        $"""
            select s.name as value, null::text as about, count(*) as count
            from looked l join sensing.sensors s on s.id = l.sensor_id where s.name not like '%"%' group by s.name)
        {Best}
        """;
}
