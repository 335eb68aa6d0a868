namespace Appliance.Integration.Access;

/// <summary>Rows for marked tables that no act of a person fills by itself: what peers, mail and sensors bring. A new marked table that stays empty gets a line here.</summary>
internal static class Plants
{
    /// <summary>One insert a table; <c>CANARY</c> is the canary.</summary>
    public static IReadOnlyList<string> Sql { get; } =
    [
        "insert into kernel.mail_raw (sha256, bytes, stored_at) values (sha256('CANARY'), 'CANARY', now())",
        "insert into kernel.mail_out (id, message_id, about, subject, sender, automatic, sha256, created_at, created_by, tlp, pap, exercise) values (gen_random_uuid(), 'CANARY@x', 'incident/x', 'CANARY', 'a@example.org', false, sha256('CANARY'), now(), gen_random_uuid(), 2, 2, false)",
        "insert into kernel.mail_in (id, file_name, sha256, size, received_at, state, kind, message_id, sender, subject, parsed, tlp, pap, exercise) values (gen_random_uuid(), 'CANARY', sha256('CANARY'), 9, now(), 'quarantined', 'mail', 'CANARY@y', 'CANARY@example.org', 'CANARY', '{}', 2, 2, false)",
        "insert into watch.items (id, title, summary, link, origin, source, received_at, tlp, pap, exercise) values (gen_random_uuid(), 'CANARY', 'CANARY', 'https://CANARY.example/', 'peer', 'CANARY', now(), 2, 2, false)",
        "insert into uplink.received (id, peer_id, route, stix_id, type, version, title, state, sha256, raw, received_at, tlp, pap, exercise) select gen_random_uuid(), id, 'posted', 'report--CANARY', 'report', now(), 'CANARY', 'new', sha256('CANARY'), '{\"name\":\"CANARY\"}', now(), 2, 2, false from uplink.peers limit 1",
        "insert into uplink.shares (id, subject, kind, number, title, revision, source_event, source, rule, main_id, created, modified, draft, arrived_at, tlp, pap, exercise) values (gen_random_uuid(), 'incident/x', 'incident', 'INC-0', 'CANARY', 1, gen_random_uuid(), '{\"title\":\"CANARY\"}', 'x', 'report--1', now(), now(), 'CANARY', now(), 2, 2, false)",
        "insert into watch.advisory_revisions (advisory_id, revision, title, severity, summary, body, cves, observables, links, language, author, approved_by, published_at, tlp, pap, exercise, named) select id, 1, 'CANARY', 2, 'CANARY', 'CANARY', '{}', '[]', '{}', 'en', 'a', 'b', now(), 2, 2, false, '{}' from watch.advisories limit 1",
        "insert into sensing.indicators (stix_id, peer, type, value, received_at, tlp, pap, exercise) values ('indicator--CANARY', gen_random_uuid(), 'domain', 'CANARY.example', now(), 2, 2, false)",
        "insert into sensing.rejects (received_at, sensor_id, stream, segment, at_byte, length, reason, detail, line, tlp, pap, exercise) select now(), id, 'events', 1, 0, 9, 'json', 'CANARY', 'CANARY', 2, 2, false from sensing.sensors limit 1",
        "insert into sensing.extracts (id, group_id, alert_id, sensor_id, state, asked_at, asked_by, asked_by_name, from_at, to_at, src, dst, reason, tlp, pap, exercise) select gen_random_uuid(), group_id, id, sensor_id, 'failed', now(), gen_random_uuid(), 'CANARY', now(), now(), src, dst, 'CANARY', 2, 2, false from sensing.alerts limit 1",
    ];
}
