namespace Appliance.Sensing.Filter;

/// <summary>The conditions of <see cref="FilterTerms"/> over a table aliased <c>m</c>; <see cref="FilterTerms.AddTo"/> fills the parameters. Constant text: what was typed is only ever a value.</summary>
internal static class FilterSql
{
    /// <summary>Sides, ports, protocol, name, sensor: columns that alert groups, alerts and records have alike.</summary>
    public const string Common =
        """
        (@ip::cidr is null or m.src <<= @ip::cidr or m.dst <<= @ip::cidr)
        and (@src::cidr is null or m.src <<= @src::cidr)
        and (@dst::cidr is null or m.dst <<= @dst::cidr)
        and (@ips::inet[] is null or m.src <<= any(@ips::inet[]) or m.dst <<= any(@ips::inet[]))
        and (@srcs::inet[] is null or m.src <<= any(@srcs::inet[]))
        and (@dsts::inet[] is null or m.dst <<= any(@dsts::inet[]))
        and (@not_ips::inet[] is null or (m.src <<= any(@not_ips::inet[]) or m.dst <<= any(@not_ips::inet[])) is not true)
        and (@not_srcs::inet[] is null or (m.src <<= any(@not_srcs::inet[])) is not true)
        and (@not_dsts::inet[] is null or (m.dst <<= any(@not_dsts::inet[])) is not true)
        and (@port::int8multirange is null or m.src_port::bigint <@ @port::int8multirange or m.dst_port::bigint <@ @port::int8multirange)
        and (@not_port::int8multirange is null or (m.src_port::bigint <@ @not_port::int8multirange or m.dst_port::bigint <@ @not_port::int8multirange) is not true)
        and (@protos::text[] is null or lower(m.proto) = any(@protos::text[]) or m.app_proto = any(@protos::text[]))
        and (@not_protos::text[] is null or (lower(m.proto) = any(@not_protos::text[]) or m.app_proto = any(@not_protos::text[])) is not true)
        and (@names::text[] is null or m.name ilike any(@names::text[]))
        and (@not_names::text[] is null or (m.name ilike any(@not_names::text[])) is not true)
        and (@sensors::text[] is null or m.sensor_id in (select s.id from sensing.sensors s where s.name = any(@sensors::text[])))
        and (@not_sensors::text[] is null or m.sensor_id not in (select s.id from sensing.sensors s where s.name = any(@not_sensors::text[])))
        """;

    /// <summary>Signature, severity, score, count and traits of alert groups; after <see cref="Common"/>.</summary>
    public const string OfGroups =
        """
        (@sid::bigint is null or m.sid = @sid)
        and (@sids::int8multirange is null or m.sid <@ @sids::int8multirange)
        and (@not_sids::int8multirange is null or not m.sid <@ @not_sids::int8multirange)
        and (@severity::int8multirange is null or m.severity::bigint <@ @severity::int8multirange)
        and (@not_severity::int8multirange is null or not m.severity::bigint <@ @not_severity::int8multirange)
        and (@score::int8multirange is null or m.score::bigint <@ @score::int8multirange)
        and (@counted::int8multirange is null or m.count <@ @counted::int8multirange)
        and (@after::timestamptz is null or m.last_received >= @after)
        and (@before::timestamptz is null or m.first_received < @before)
        and (@flows::bigint[] is null or exists (select from sensing.alerts a where a.group_id = m.id and a.flow_id = any(@flows::bigint[])))
        and (@types::text[] is null or 'alert' = any(@types::text[]))
        and (@not_types::text[] is null or 'alert' <> all(@not_types::text[]))
        and (@owners::text[] is null or m.owner_name ilike any(@owners::text[]))
        and (@not_owners::text[] is null or (m.owner_name ilike any(@not_owners::text[])) is not true)
        and (@traits::text[] is null or @traits::text[] <@ array_remove(array[
            case when m.exercise then 'exercise' end, case when m.replay is not null then 'replay' end, case when m.incident_id is not null then 'ticket' end,
            case when m.owner_id is not null then 'owner' end, case when m.owner_id = @viewer_id then 'mine' end, case when m.constituents <> '{}' then 'constituent' end,
            case when 'new-signature' = any(m.reasons) then 'new' end, case when 'watchlist' = any(m.reasons) then 'indicator' end], null))
        and (@not_traits::text[] is null or not @not_traits::text[] && array_remove(array[
            case when m.exercise then 'exercise' end, case when m.replay is not null then 'replay' end, case when m.incident_id is not null then 'ticket' end,
            case when m.owner_id is not null then 'owner' end, case when m.owner_id = @viewer_id then 'mine' end, case when m.constituents <> '{}' then 'constituent' end,
            case when 'new-signature' = any(m.reasons) then 'new' end, case when 'watchlist' = any(m.reasons) then 'indicator' end], null))
        and (@pattern::text is null or m.signature ilike @pattern or m.name ilike @pattern or m.src_constituent_name ilike @pattern
             or m.dst_constituent_name ilike @pattern or m.incident_number ilike @pattern)
        and (@not_patterns::text[] is null or (m.signature ilike any(@not_patterns::text[]) or m.name ilike any(@not_patterns::text[])
             or m.src_constituent_name ilike any(@not_patterns::text[]) or m.dst_constituent_name ilike any(@not_patterns::text[])) is not true)
        """;

    /// <summary>Flow, time, traits and words of alerts and records; after <see cref="Common"/>.</summary>
    public const string OfRecords =
        """
        (@flows::bigint[] is null or m.flow_id = any(@flows::bigint[]))
        and @owners::text[] is null
        and (@after::timestamptz is null or m.received_at >= @after)
        and (@traits::text[] is null or @traits::text[] <@ array_remove(array[case when m.exercise then 'exercise' end, case when m.replay is not null then 'replay' end], null))
        and (@not_traits::text[] is null or not @not_traits::text[] && array_remove(array[case when m.exercise then 'exercise' end, case when m.replay is not null then 'replay' end], null))
        and (@pattern::text is null or m.name ilike @pattern or m.raw::text ilike @pattern)
        and (@not_patterns::text[] is null or (m.name ilike any(@not_patterns::text[]) or m.raw::text ilike any(@not_patterns::text[])) is not true)
        """;
}
